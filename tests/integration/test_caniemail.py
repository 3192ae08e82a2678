"""What Gmail, Outlook, Apple Mail and Yahoo drop of the shipped mails, by caniemail.com, and why that is no harm.

`make caniemail` installs the data. Without it, or without Node, this is skipped.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.test_seen_browser import MAILS, html_of

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / ".venv" / "caniemail" / "node_modules" / "caniemail" / "dist" / "index.js"
NODE = shutil.which("node")

NO_STYLE = "all that matters is in attributes of its own: the browser tests show the mail without its <style>"
OF_MJML = "MJML writes it for other programs"
NO_HARM = {
    "<bdi> element": "the words stay, and stand apart by U+2068 and U+2069",
    "<body> element": "what its colour says is said by the table below it too",
    "<style> element": NO_STYLE,
    "@media": NO_STYLE,
    "Chaining selectors": NO_STYLE,
    "Class selector": NO_STYLE,
    "Descendant combinator": NO_STYLE,
    "ID selector": NO_STYLE,
    "Type selector": NO_STYLE,
    "aria-label attribute": "the words themselves are read",
    "border-radius": "the corners are square",
    "cursor": OF_MJML,
    "display:none": "the preheader has no height either, and only repeats what the mail says",
    "height property": "a logo has the attribute",
    "outline": OF_MJML,
    "overflow": "the preheader is not displayed there",
    "table-layout": OF_MJML,
    "target attribute": "each program opens links as it does",
    "transform": OF_MJML,
    "word-break": "a long link may be wider than a narrow window",
    "word-spacing": OF_MJML,
}

pytestmark = pytest.mark.skipif(NODE is None or not PACKAGE.exists(), reason="no Node, or no data: make caniemail")


def test_what_is_dropped_is_known_to_be_no_harm() -> None:
    dropped: dict[str, list[str]] = {}
    for what in MAILS:
        told = subprocess.run(
            [str(NODE), str(Path(__file__).with_name("caniemail.mjs")), str(PACKAGE)],
            input=html_of(what),
            capture_output=True,
            text=True,
            check=True,
        )
        dropped |= json.loads(told.stdout)

    assert sorted(dropped) == sorted(NO_HARM)
