"""SpamAssassin's rules that need no network find nothing in any mail that is shipped."""

import asyncio
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
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
SOME_OF_SEVERAL = [
    {"template": TEMPLATES[(place + turn) % len(TEMPLATES)], "language": language, "debts": debts}
    for place, language in enumerate(sorted(LANGUAGES - {"en", "ru"}))
    for turn, debts in enumerate(("bills", "subscriptions"))
]
EVERY_MAIL = [
    *(
        {"template": template, "language": language, "debts": debts}
        for template in TEMPLATES
        for language in sorted(LANGUAGES)
        for debts in ("one", *{"en": ["subscriptions"], "ru": ["bills", "subscriptions"]}.get(language, ()))
    ),
    *SOME_OF_SEVERAL,
]
# The links and names of two subscriptions hold more letters e than a rule allows in Cyrillic text.
MIXED_ES = {f"{template}-ru-subscriptions" for template in TEMPLATES if template != "payment_failed"}
REPORT = re.compile(r"^X-Name: (\S+)$.*?^Content analysis details:(.*?)(?:^From |\Z)", re.DOTALL | re.MULTILINE)
# As short as such addresses are: one rule counts the Latin letters in Russian mails.
PUBLIC_URL = "https://pay.lantern.test"
SIGNED = b"GNRHR6XBETF6UARP3MMJNE43UEMKR5H2SLGOES6O75VC4YRT"
# Where CI says that it is CI, one that is missing is an error.
pytestmark = [
    pytest.mark.skipif(
        shutil.which("spamassassin") is None and os.environ.get("CI") != "true", reason="no SpamAssassin here"
    )
]


async def scores(mails: Mapping[str, bytes], home: Path) -> dict[str, dict[str, float]]:
    """Give, for each mail, the rules that it meets, each with what it counts. One process reads all, in any order."""
    process = await asyncio.create_subprocess_exec(
        *("spamassassin", "--test-mode", "--local", "--mbox"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={**os.environ, "HOME": str(home), "LC_ALL": "C"},
    )
    told, _ = await process.communicate(b"".join(as_mbox(name, mail) for name, mail in mails.items()))
    read = REPORT.findall(told.decode(errors="replace"))
    assert sorted(name for name, _ in read) == sorted(mails), told[-2000:]
    return {
        name: {rule: float(points) for points, rule in re.findall(r"^ ?(-?\d+\.\d) ([A-Z0-9_]+)", report, re.MULTILINE)}
        for name, report in read
    }


def as_mbox(name: str, mail: bytes) -> bytes:
    """Write a mail as a mailbox has it, with the letters of a real link: the examples' are words."""
    kept = re.sub(rb"^From ", b">From ", mail.replace(b"\r\n", b"\n"), flags=re.MULTILINE)
    head = f"From billing@lantern.example Mon Mar  2 10:00:00 2026\nX-Name: {name}\n"
    return head.encode() + kept.replace(b"PREVIEW-" * 6, SIGNED) + b"\n\n"


async def test_it_finds_nothing_but_the_letters_e_of_two_subscriptions_in_russian(tmp_path: Path) -> None:
    mails = {
        "-".join(what.values()): as_data(RENDERER.render(facts), eight_bit=True)
        for what in EVERY_MAIL
        for facts in [facts_of(read_choice(what, TEMPLATES), CAMPAIGNS, public_url=PUBLIC_URL)]
    }

    found = await scores(mails, tmp_path)

    assert {name for name, rules in found.items() if rules.pop("MIXED_ES", 0) == 1} == MIXED_ES
    assert {
        name: rules
        for name, rules in found.items()
        if any(points > 0 for points in rules.values()) or "HTML_MESSAGE" not in rules  # it did read the mail
    } == {}


async def test_it_would_find_hidden_words(tmp_path: Path) -> None:
    facts = facts_of(read_choice({}, TEMPLATES), CAMPAIGNS, public_url=PUBLIC_URL)
    mail = as_data(RENDERER.render(facts), eight_bit=True)
    hidden = mail.replace(b"display:none;", b"display:none;color:#ffffff;", 1)

    assert hidden != mail
    found = await scores({"hidden": hidden}, tmp_path)
    assert found["hidden"]["HTML_FONT_LOW_CONTRAST"] > 0
