"""`dunning dead`: events that could not be handled. Ids only."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from cli.operate.cases.screen import console, print_rows
from cli.operate.chosen import end, tell_count
from cli.run.changes import note_change
from cli.run.open_store import on_the_store
from dunning.audit import Change, about
from dunning.casebook.dead import drop as drop_
from dunning.casebook.dead import replay as replay_
from dunning.store import DeadEvent, Store


def list_(*, in_json: bool) -> None:
    """Print the dead events."""
    found = on_the_store(lambda store: store.dead.all())
    if in_json:
        listed = [
            {
                "id": one.event_id,
                "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
                "event_type": one.event_type,
                "about": _about(one),
                "reason": one.reason,
                "can_be_replayed": one.event is not None,
            }
            for one in found
        ]
        click.echo(json.dumps({"dead": listed}, indent=2))
        return
    if not found:
        click.echo("No event is dead.")
        return
    rows = [
        (one.event_id, f"{one.at:%Y-%m-%d %H:%M}", one.event_type or "", _about(one) or "", one.reason) for one in found
    ]
    print_rows(console(), ("event", "died (UTC)", "type", "about", "reason"), rows)


def replay(wanted: Sequence[str] | None, by: str) -> None:
    """Handle dead events again, those that are wanted or all (None), and print what came of it.

    Raises:
        SystemExit: one of them can't be.
    """

    async def work(store: Store) -> tuple[list[DeadEvent], set[str]]:
        dead = await _wanted(store, wanted)
        replayed = await replay_(store, dead, datetime.now(UTC))
        await _note(store, by, Change.REPLAY, sorted(replayed))
        return dead, replayed

    dead, replayed = on_the_store(work)
    for one in dead:
        if one.event is None:
            click.echo(f"{one.event_id} is malformed: `dunning replay` reads it from Paddle again.")
    tell_count(len(replayed), "is handled again", "are handled again")
    end(wanted, [one.event_id for one in dead], "not dead", bad=any(one.event is None for one in dead))


def drop(wanted: Sequence[str] | None, by: str) -> None:
    """Let go of dead events, those that are wanted or all (None), note it in their stories, and print what came of it.

    Raises:
        SystemExit: one of them isn't dead.
    """

    async def work(store: Store) -> tuple[list[DeadEvent], list[str]]:
        dead = await _wanted(store, wanted)
        dropped = await drop_(store, dead, datetime.now(UTC), by=by)
        await _note(store, by, Change.DROP, dropped)
        return dead, dropped

    dead, dropped = on_the_store(work)
    tell_count(len(dropped), "is dropped", "are dropped")
    end(wanted, [one.event_id for one in dead], "not dead", bad=False)


async def _note(store: Store, by: str, what: Change, changed: Sequence[str]) -> None:
    if changed:
        await note_change(store, by, what, about(changed, "events"))


async def _wanted(store: Store, wanted: Sequence[str] | None) -> list[DeadEvent]:
    return [one for one in await store.dead.all() if wanted is None or one.event_id in wanted]


def _about(one: DeadEvent) -> str | None:
    return one.event.facts.id if one.event is not None else one.about
