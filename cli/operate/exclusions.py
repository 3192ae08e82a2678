"""`dunning exclude` and `dunning include`: who gets no mail, whichever renewal fails."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from cli.run.changes import note_change
from cli.run.open_store import on_the_store
from dunning.audit import Change
from dunning.casebook.exclude import exclude as exclude_
from dunning.casebook.exclude import include as include_
from dunning.store import Exclusion, Store


def list_(*, in_json: bool) -> None:
    """Print who is excluded."""
    found = on_the_store(lambda store: store.exclusions.all())
    if in_json:
        _print_json(found)
        return
    for one in found or ():
        click.echo(f"{one.id}  since {one.since:%Y-%m-%d %H:%M} UTC{f', by {one.by}' if one.by else ''}")
    if not found:
        click.echo("Nobody is excluded.")


def exclude(who: str, by: str, *, in_json: bool) -> None:
    """Exclude somebody, note it in the story of each of their open cases, and print the result."""

    async def work(store: Store) -> tuple[list[str] | None, list[Exclusion]]:
        open_cases = await exclude_(store, who, datetime.now(UTC), by=by)
        if open_cases is not None:
            await note_change(store, by, Change.EXCLUDE, who)
        return open_cases, [one for one in await store.exclusions.all() if one.id == who]

    open_cases, (exclusion,) = on_the_store(work)
    if in_json:
        _print_json([exclusion])
        return
    if open_cases is None:
        click.echo(f"Nothing to do: {who} was excluded already, since {exclusion.since:%Y-%m-%d %H:%M} UTC.")
    of = "to this customer" if who.startswith("ctm_") else "about this subscription"
    click.echo(f"No email goes out {of} until `dunning include {who}`, also for renewals that fail later.")
    if open_cases:
        click.echo(f"Open cases it holds for: {', '.join(open_cases)}. Their links in earlier emails still work.")


def include(who: str, by: str) -> None:
    """Take an exclusion back, note it in the story of each of their open cases, and print the result."""

    async def work(store: Store) -> list[str] | None:
        open_cases = await include_(store, who, datetime.now(UTC), by=by)
        if open_cases is not None:
            await note_change(store, by, Change.INCLUDE, who)
        return open_cases

    open_cases = on_the_store(work)
    if open_cases is None:
        click.echo(f"Nothing to do: {who} was not excluded.")
        return
    click.echo(f"{who} is no longer excluded: steps that become due from now on are sent.")
    if open_cases:
        click.echo(f"Open cases it holds for: {', '.join(open_cases)}. `dunning cases show` says what was skipped.")


def _print_json(found: Sequence[Exclusion]) -> None:
    listed = [{"id": one.id, "since": f"{one.since:%Y-%m-%dT%H:%M:%SZ}", "by": one.by} for one in found]
    click.echo(json.dumps({"excluded": listed}, indent=2))
