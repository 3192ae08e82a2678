"""What Gmail, Outlook, Apple Mail and Yahoo drop of the shipped mails, by caniemail.com, and why that is no harm.

`make caniemail` installs the data. Without it, or without Node, this is skipped.
"""

import json
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

from dunning.language.choose import LANGUAGES
from tests.integration.seen import BRANDS, LONG, MAILS, html_of

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / ".venv" / "caniemail" / "node_modules" / "caniemail" / "dist" / "index.js"
NODE = shutil.which("node")
KNOWN = ROOT / "docs" / "mail-programs.md"
ROW = re.compile(r"^\| `(.+?)` \| (.+?) \| \S.* \|$", re.MULTILINE)

# All that a mail can say in English and of no brand, and in each language and of each brand all of its last step.
EVERY_MAIL = [*MAILS, *({**LONG[-1], "language": tag, "brand": brand} for tag, brand in product(LANGUAGES, BRANDS))]

pytestmark = pytest.mark.skipif(NODE is None or not PACKAGE.exists(), reason="no Node, or no data: make caniemail")


def tags_of(html: str) -> set[str]:
    """Give the styles and start tags of a mail. What is between them is no matter, nor which colour or address."""
    plain = re.sub(r'\b(alt|aria-label|href|lang|src)="[^"]*"', r'\1="x"', html)
    found = re.findall(r"<style.*?</style>|<[a-z][^>]*>", plain, re.DOTALL)
    return {re.sub(r"#[0-9a-f]{6}\b", "#000000", one) for one in found}


def test_what_is_dropped_is_known_to_be_no_harm() -> None:
    tags = set().union(*(tags_of(html_of(what)) for what in EVERY_MAIL))

    told = subprocess.run(
        [str(NODE), str(Path(__file__).with_name("caniemail.mjs")), str(PACKAGE)],
        input="\n".join(sorted(tags)),
        capture_output=True,
        text=True,
        check=True,
    )

    dropped = {what: ", ".join(programs) for what, programs in json.loads(told.stdout).items()}
    assert dropped == dict(ROW.findall(KNOWN.read_text(encoding="utf-8")))
