"""`dunning holds`: what stops sending until somebody mends it."""

import json
from datetime import UTC, datetime

import click

from cli.run.changes import note_change
from cli.run.open_store import on_the_store
from dunning.audit import Change
from dunning.store import Store
from dunning.store.holds import EVERYTHING


def list_(*, in_json: bool) -> None:
    """Print the holds that are on."""
    found = on_the_store(lambda store: store.holds.all())
    if in_json:
        listed = [
            {"hold": one.word, "since": f"{one.since:%Y-%m-%dT%H:%M:%SZ}", "problem": one.sentence} for one in found
        ]
        click.echo(json.dumps({"holds": listed}, indent=2))
        return
    for one in found:
        click.echo(f"{one.word}  since {one.since:%Y-%m-%d %H:%M} UTC: {one.sentence}")
    if not found:
        click.echo("Nothing is on hold.")


def release(word: str, by: str) -> None:
    """Take a hold off.

    Raises:
        ClickException: it is not on.
    """
    now = datetime.now(UTC)

    async def work(store: Store) -> bool:
        released = await store.holds.release(word, began_at=now, shows=EVERYTHING)
        if released:
            await note_change(store, by, Change.RELEASE_HOLD, word)
        return bool(released)

    if not on_the_store(work):
        raise click.ClickException(f"{word} is not on.")
    click.echo(f"{word} is off. If it is not mended, it comes back with the next case.")
