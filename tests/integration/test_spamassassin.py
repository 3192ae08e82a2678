"""SpamAssassin's rules that need no network find nothing in any mail that is shipped."""

import asyncio
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from cli.plan.preview.choice import read_choice
from cli.plan.preview.examples import facts_of
from dunning.addresses.mailbox import Mailbox
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.language.choose import LANGUAGES
from tests.unit.mails import TEMPLATES
from worker.letters.render import Renderer
from worker.mail.smtp_envelope import as_data

RENDERER = Renderer(None, Mailbox("Lantern Billing", "billing@lantern.example"), None, None)
CAMPAIGNS = parse_campaigns(shipped(), "default.toml")
EVERY_MAIL = [
    {"template": template, "language": language, "debts": debts}
    for template in TEMPLATES
    for language in sorted(LANGUAGES)
    for debts in (("one", "subscriptions") if language == "en" else ("one",))
]
# Where CI says that it is CI, one that is missing is an error.
pytestmark = [
    pytest.mark.skipif(
        shutil.which("spamassassin") is None and os.environ.get("CI") != "true", reason="no SpamAssassin here"
    )
]


async def score(mail: bytes, home: Path) -> dict[str, float]:
    """Give the rules that a mail meets, each with what it counts."""
    process = await asyncio.create_subprocess_exec(
        *("spamassassin", "--test-mode", "--local"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={**os.environ, "HOME": str(home), "LC_ALL": "C"},
    )
    told, _ = await process.communicate(mail)
    report = told.decode(errors="replace").partition("Content analysis details:")[2]
    assert report, told[-2000:]
    return {rule: float(points) for points, rule in re.findall(r"^ ?(-?\d+\.\d) ([A-Z0-9_]+)", report, re.MULTILINE)}


@pytest.mark.parametrize("what", EVERY_MAIL, ids=lambda what: "-".join(what.values()))
async def test_it_finds_nothing(what: dict[str, str], tmp_path: Path) -> None:
    facts = facts_of(read_choice(what, TEMPLATES), CAMPAIGNS, public_url="https://billing.lantern.example")

    found = await score(as_data(RENDERER.render(facts), eight_bit=True), tmp_path)

    assert {rule: points for rule, points in found.items() if points > 0} == {}
    assert "HTML_MESSAGE" in found  # it did read the mail


async def test_it_would_find_hidden_words(tmp_path: Path) -> None:
    facts = facts_of(read_choice({}, TEMPLATES), CAMPAIGNS, public_url="https://billing.lantern.example")
    mail = as_data(RENDERER.render(facts), eight_bit=True)
    hidden = mail.replace(b"display:none;", b"display:none;color:#ffffff;", 1)

    assert hidden != mail
    assert (await score(hidden, tmp_path))["HTML_FONT_LOW_CONTRAST"] > 0
