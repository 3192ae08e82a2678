"""`dunning dead`."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples

_json = click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
_events = click.argument("events", metavar="[EVENT]...", nargs=-1)


@click.group()
def dead() -> None:
    """Look at events that could not be handled, and replay or drop them.

    An event is dead after seven tries, over some two minutes, or at once if it is not shaped as Paddle documents it. It
    is kept for 90 days. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this machine.
    """


@dead.command("list", epilog=examples("dunning dead list", "dunning dead list --json"))
@_json
def list_(*, in_json: bool) -> None:
    """List the dead events, the oldest first: what each is about, and why it could not be handled."""
    from cli.operate import dead as of_store

    of_store.list_(in_json=in_json)


@dead.command(epilog=examples("dunning dead replay evt_01h7zdqt6fe2x83w3vtn8nqwm9", "dunning dead replay --all"))
@_events
@click.option("--all", "all_", is_flag=True, help="Every dead event.")
@by_whom
def replay(*, events: tuple[str, ...], all_: bool, by: str) -> None:
    """Handle dead events again: a worker takes them up at once.

    A malformed event can't be handled again: after an update, `dunning replay` reads it from Paddle once more. The exit
    code is 1 if one of the events can't be replayed or isn't dead.
    """
    from cli.operate import dead as of_store

    of_store.replay(_chosen(events, all_=all_), by)


@dead.command(epilog=examples("dunning dead drop evt_01h7zdqt6fe2x83w3vtn8nqwm9", "dunning dead drop --all"))
@_events
@click.option("--all", "all_", is_flag=True, help="Every dead event.")
@by_whom
def drop(*, events: tuple[str, ...], all_: bool, by: str) -> None:
    """Let go of dead events. What they told is not done.

    It is noted in the story of the case, if there is one. If Paddle sends one again within four days, it is not handled
    either. The exit code is 1 if one of them isn't dead.
    """
    from cli.operate import dead as of_store

    of_store.drop(_chosen(events, all_=all_), by)


def _chosen(events: tuple[str, ...], *, all_: bool) -> tuple[str, ...] | None:
    """Return the events that are named, or None for all."""
    if all_ == bool(events):
        raise click.UsageError("Name the events, or give --all. `dunning dead list` lists them.")
    return None if all_ else events
