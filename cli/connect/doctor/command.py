"""Looks at everything at once, and prints what was found."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.connect.doctor.mail import look_at_mail
from cli.connect.doctor.out_webhooks import look_at_out_webhooks
from cli.connect.doctor.paddle import look_at_paddle
from cli.connect.doctor.public import look_at_public_address
from cli.connect.doctor.sender import look_at_senders
from cli.connect.doctor.settings import Found, look_at_settings
from cli.connect.doctor.store import look_at_store
from cli.connect.doctor.texts import look_at_texts
from dunning import log
from dunning.findings import Finding, Level, fails

COLOURS = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.FAILURE: "red"}
SOMETHING_FAILS = 1


def doctor(data: Path | None, *, in_json: bool) -> None:
    """Look, print what was found, and end with code 1 if anything of it does not work."""
    log.configure()
    found = look_at_settings()
    findings = [*found.findings, *asyncio.run(_look(found, data))]
    if in_json:
        document = {"ok": not fails(findings), "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(document, indent=2))
    else:
        _print(findings)
    if fails(findings):
        sys.exit(SOMETHING_FAILS)


async def _look(found: Found, data: Path | None) -> list[Finding]:
    """Look at all that the settings which could be read lead to, at the same time.

    Trying the templates keeps the processor busy, and so comes last: an answer that waits meanwhile would seem late.
    """
    now = datetime.now(UTC)
    looks = []
    if found.store is not None:
        looks.append(look_at_store(found.store, data))
    if found.paddle is not None:
        looks.append(look_at_paddle(found.paddle, found.connecting, now))
    if found.whole is not None:
        looks += [look_at_mail(found.whole), look_at_senders(found.whole), look_at_public_address(found.whole, now)]
        looks.append(look_at_out_webhooks(found.whole))
    findings = [finding for some in await asyncio.gather(*looks) for finding in some]
    return findings if found.whole is None else [*findings, *look_at_texts(found.whole)]


def _print(findings: Sequence[Finding]) -> None:
    width = max(len(finding.about) for finding in findings)
    for finding in findings:
        level = click.style(f"{finding.level:<8}", fg=COLOURS[finding.level])
        click.echo(f"{level} {finding.about:<{width}}  {finding.means}")
        if finding.do and finding.level is not Level.OK:
            click.echo(f"{'':<8} {'':<{width}}  {finding.do}")
    counted = Counter(finding.level for finding in findings)
    told = [_count(counted[level], level) for level in (Level.FAILURE, Level.WARNING, Level.NOTE)]
    click.echo(f"\n{', '.join(told)}, {counted[Level.OK]} well.")


def _count(number: int, level: Level) -> str:
    return f"{number} {level}" if number == 1 else f"{number} {level}s"
