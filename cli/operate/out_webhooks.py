"""`dunning out-webhooks`: what the seller's own programs were not told. Ids only."""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from cli.operate.cases.screen import console, print_rows
from cli.operate.chosen import end, tell_count
from cli.run.changes import note_change
from cli.run.open_store import on_the_store
from dunning.audit import Change, about
from dunning.store import Store, Unsent

SHOWN = 100


def list_(*, in_json: bool) -> None:
    """Print what is dead, and the oldest of what waits."""

    async def work(store: Store) -> tuple[list[dict[str, Any]], list[dict[str, Any]], bool]:
        waiting = await store.out_webhooks.waiting(0, SHOWN + 1)
        dead = [{**_facts(one.event), "died_at": _time(one.at)} for one in await store.out_webhooks.dead()]
        wait = [{**_facts(one.event), "next_try_at": _time(one.at)} for one in waiting[:SHOWN]]
        return dead, wait, len(waiting) > SHOWN

    dead, waiting, more = on_the_store(work)
    if in_json:
        click.echo(json.dumps({"dead": dead, "waiting": waiting, "more": more}, indent=2))
        return
    if not dead and not waiting:
        click.echo("Every out-webhook has arrived.")
        return
    rows = [
        (
            one["id"],
            state,
            one["destination"],
            one["type"],
            one["about"] or "",
            str(one["tries"]),
            one["why"],
            one[when],
        )
        for state, when, some in (("dead", "died_at", dead), ("waits", "next_try_at", waiting))
        for one in some
    ]
    print_rows(console(), ("event", "state", "destination", "type", "about", "tries", "why", "died / next try"), rows)
    if more:
        click.echo(f"More wait: these are the oldest {SHOWN}.")


def replay(wanted: Sequence[str] | None, by: str) -> None:
    """Send those again that are wanted, or all (None), and print what came of it.

    Raises:
        SystemExit: one of them can't be.
    """

    async def work(store: Store) -> tuple[list[Unsent], list[Unsent]]:
        destinations = await store.out_webhooks.destinations()
        found = await _dead(store, wanted)
        first = 0
        while waiting := await store.out_webhooks.waiting(first, SHOWN):
            found += [one.event for one in waiting if wanted is None or one.event.id in wanted]
            first += SHOWN
        now = datetime.now(UTC)
        sent = [event for event in found if event.destination in destinations]
        for event in sent:
            await store.out_webhooks.replay(event, now)
        await _note(store, by, Change.REPLAY_OUT_WEBHOOK, sent)
        return found, [event for event in found if event.destination not in destinations]

    found, lost = on_the_store(work)
    for event in lost:
        click.echo(f"{event.id} was for {event.destination}, which DUNNING_OUT_WEBHOOKS does not name any more.")
    tell_count(len(found) - len(lost), "is sent again", "are sent again")
    end(wanted, [event.id for event in found], "neither dead nor waiting", bad=bool(lost))


def drop(wanted: Sequence[str] | None, by: str) -> None:
    """Let go of dead ones, those that are wanted or all (None), and print what came of it.

    Raises:
        SystemExit: one of them isn't dead.
    """

    async def work(store: Store) -> list[Unsent]:
        found = await _dead(store, wanted)
        dropped = [event for event in found if await store.out_webhooks.drop(event)]
        await _note(store, by, Change.DROP_OUT_WEBHOOK, dropped)
        return dropped

    dropped = on_the_store(work)
    tell_count(len(dropped), "is dropped", "are dropped")
    end(wanted, [event.id for event in dropped], "not dead", bad=False)


async def _note(store: Store, by: str, what: Change, changed: Sequence[Unsent]) -> None:
    if changed:
        await note_change(store, by, what, about([event.id for event in changed], "out-webhooks"))


async def _dead(store: Store, wanted: Collection[str] | None) -> list[Unsent]:
    return [one.event for one in await store.out_webhooks.dead() if wanted is None or one.event.id in wanted]


def _facts(event: Unsent) -> dict[str, Any]:
    body = json.loads(event.body)
    return {
        "id": event.id,
        "destination": event.destination,
        "type": body["type"],
        "about": body["data"].get("transaction_id"),
        "tries": event.tries,
        "why": event.why,
        "since": _time(event.since),
    }


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
