"""What `dunning reconcile` shows: who gets which mail when, and what came of the run. Ids only."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dunning.durations import format_duration
from dunning.rules.case import OPEN_FOR
from dunning.rules.healing import Opening
from worker.reconcile.debts import Findings, Healed

_MINUTE = "%Y-%m-%d %H:%M"
# Wide enough for a whole row, if the output goes to no terminal.
PIPED_WIDTH = 200


def output() -> Console:
    """Return what to print to: as wide as the terminal, or wide enough for a row if it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def show_openings(console: Console, openings: Sequence[Opening], now: datetime) -> None:
    """Print a row for each case that is to be opened. Times are UTC."""
    if not openings:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("case", "customer", "failed (UTC)", "class", "campaign", "step", "first mail (UTC)"):
        table.add_column(heading, overflow="fold")
    for opening in openings:
        case = opening.case
        table.add_row(
            case.id,
            case.customer_id,
            f"{case.failed_at:{_MINUTE}}",
            case.decline_class,
            opening.campaign.name,
            opening.step.name,
            f"{opening.at:{_MINUTE}}" if opening.at > now else "now",
        )
    console.print(table)


def report(findings: Findings, outcome: Healed, missed_events: int, *, max_age: timedelta, dry_run: bool) -> str:
    """Say in a few lines what the run did, or would do."""
    return "\n".join(_lines(findings, outcome, missed_events, max_age=max_age, dry_run=dry_run))


def as_json(findings: Findings, outcome: Healed, missed_events: int, *, dry_run: bool) -> dict[str, Any]:
    """Return what the run did, or would do, as a document. Times are RFC 3339 in UTC."""
    plan = findings.plan
    return {
        "dry_run": dry_run,
        "opened": outcome.opened,
        "closed": outcome.closed,
        "waiting": outcome.waiting,
        "unchanged": findings.unchanged,
        "too_old": plan.too_old,
        "left_alone": dict(sorted(plan.left.items())),
        "malformed": findings.malformed,
        "missed_events": missed_events,
        "openings": [
            {
                "id": opening.case.id,
                "customer_id": opening.case.customer_id,
                "failed_at": f"{opening.case.failed_at:%Y-%m-%dT%H:%M:%SZ}",
                "decline_class": opening.case.decline_class,
                "campaign": opening.campaign.name,
                "hold_out_percent": opening.campaign.hold_out,
                "step": opening.step.name,
                "first_mail_at": f"{opening.at:%Y-%m-%dT%H:%M:%SZ}",
            }
            for opening in plan.openings
        ],
    }


def _lines(
    findings: Findings, outcome: Healed, missed_events: int, *, max_age: timedelta, dry_run: bool
) -> Iterator[str]:
    plan = findings.plan
    yield (
        f"{outcome.opened} opened, {outcome.closed} closed, {findings.unchanged} unchanged, {plan.too_old} too old, "
        f"{missed_events} missed events."
    )
    if plan.too_old:
        limit = format_duration(min(max_age, OPEN_FOR))
        yield f"Too old are debts that failed more than {limit} ago: they are left alone."
    for why, count in sorted(plan.left.items()):
        yield f"Left alone: {count}, {why.replace('_', ' ')}."
    for campaign in {opening.campaign.name: opening.campaign for opening in plan.openings}.values():
        if campaign.hold_out:
            yield f"Campaign {campaign.name} holds out {campaign.hold_out}% of its customers, who get no mail."
    if findings.malformed:
        yield f"{findings.malformed} debts could not be read: the log says why."
    if dry_run:
        yield "This was a dry run: nothing was changed."
