"""`dunning status`: how things stand, on a screen or as JSON."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.table import Table

from cli.operate.cases.command import configured
from cli.operate.cases.screen import console, plain_table
from cli.run.open_store import open_store
from dunning import log
from dunning.casebook.campaigns import Campaigns
from dunning.casebook.paused import paused_lines
from dunning.casebook.status import Status, read_status
from dunning.durations import format_span
from dunning.errors import ConfigurationError
from dunning.settings.load import load_paddle_settings, load_store_settings

EVERY_SECONDS = 2.0
# Each process shows that it lives every ten seconds.
SILENT_SECONDS = 60
# What waits, by its gauge: what it is and its age.
QUEUES = (
    ("cases due", None, "oldest_due_seconds"),
    ("events to handle", "unhandled_events", "oldest_unhandled_event_seconds"),
    ("jobs", "queued_jobs", "oldest_queued_job_seconds"),
    ("dead events", "dead_events", None),
    ("out-webhooks", "waiting_out_webhooks", "oldest_out_webhook_seconds"),
    ("dead out-webhooks", "dead_out_webhooks", None),
)


def show(*, watch: bool, in_json: bool) -> None:
    """Print how things stand, once or until Ctrl-C."""
    log.configure()
    settings, campaigns = load_store_settings(), configured()

    async def run() -> None:
        async with open_store(settings) as store:
            while True:
                found = await read_status(store, Campaigns(store, campaigns), datetime.now(UTC))
                if in_json:
                    click.echo(json.dumps(as_json(found), indent=None if watch else 2))
                else:
                    _print(found, watch=watch)
                if not watch:
                    return
                await asyncio.sleep(EVERY_SECONDS)

    asyncio.run(run())


def as_json(found: Status) -> dict[str, Any]:
    """Return it as a document. Times are RFC 3339 in UTC."""
    return {
        "at": f"{found.at:%Y-%m-%dT%H:%M:%SZ}",
        "open_cases": found.open_cases,
        "looked_at": found.looked_at,
        "by_step": [
            {"campaign": campaign, "step": step, "decline_class": cls, "cases": count}
            for (campaign, step, cls), count in found.by_step.items()
        ],
        "held_out": found.held_out,
        "due": found.due,
        "late": found.late,
        "last_24_hours": {"opened": found.opened, **found.ended},
        "api_calls_in_60_seconds": int(found.gauges["api_grants"]),
        "api_calls_allowed": _allowed(),
        "api_hold_seconds": round(found.api_hold_seconds),
        "holds": [
            {"hold": one.word, "since": f"{one.since:%Y-%m-%dT%H:%M:%SZ}", "problem": one.sentence}
            for one in found.holds
        ],
        "paused": [*paused_lines(found.paused)],
        "gauges": dict(found.gauges),
    }


def _print(found: Status, *, watch: bool) -> None:
    if watch:
        click.clear()
    screen = console()
    for line in head(found):
        screen.print(line, soft_wrap=True)
    if found.by_step:
        screen.print()
        screen.print(_by_step(found))
    screen.print()
    screen.print(_queues(found))
    for line in _in_the_way(found):
        screen.print(line, soft_wrap=True)


def head(found: Status) -> Iterator[str]:
    """Say the most important first."""
    yield f"{found.open_cases:,} open cases, {found.due:,} due now, {found.late:,} late  ({found.at:%H:%M:%S} UTC)"
    ended = ", ".join(f"{count:,} {state}" for state, count in found.ended.items())
    yield f"Last 24 hours: {found.opened:,} opened, {ended}."
    if found.looked_at < found.open_cases:
        yield f"Below are the {found.looked_at:,} that are due first."
    if found.held_out:
        yield f"{found.held_out:,} of {found.looked_at:,} are held out: left unmailed, to measure what mails bring."


def _by_step(found: Status) -> Table:
    classes = sorted({cls for _, _, cls in found.by_step})
    table = plain_table(console(), "campaign", "next step", *classes)
    for campaign, step in dict.fromkeys((campaign, step) for campaign, step, _ in found.by_step):
        counts = (found.by_step.get((campaign, step, cls), 0) for cls in classes)
        table.add_row(campaign, step, *(f"{count:,}" if count else "" for count in counts))
    return table


def _queues(found: Status) -> Table:
    table = plain_table(console(), "waiting", "how many", "the oldest since")
    for what, how_many, age in QUEUES:
        count = found.due if how_many is None else int(found.gauges[how_many])
        seconds = found.gauges[age] if age else 0
        table.add_row(what, f"{count:,}", format_span(timedelta(seconds=seconds)) if seconds else "")
    return table


def _in_the_way(found: Status) -> Iterator[str]:
    allowed = _allowed()
    of = f" of {allowed}" if allowed else ""
    yield f"API calls in the last minute: {int(found.gauges['api_grants'])}{of}."
    if found.api_hold_seconds:
        yield f"Paddle answered 429: nothing is asked for {found.api_hold_seconds:.0f} s more."
    for process in ("worker", "webhooks"):
        silent = found.gauges[f"{process}_silent_seconds"]
        if silent > SILENT_SECONDS:
            yield f"No `{process}` has shown that it lives for {format_span(timedelta(seconds=silent))}."
    yield from paused_lines(found.paused)
    for hold in found.holds:
        yield f"On hold, {hold.word} since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.sentence}"
    if found.gauges["reconcile_waiting"]:
        yield f"{found.gauges['reconcile_waiting']:.0f} debts wait for `dunning reconcile --apply`."


def _allowed() -> int | None:
    """Return the budget of API calls, where the settings that tell it are at hand."""
    try:
        return load_paddle_settings().rate_limit
    except ConfigurationError:
        return None
