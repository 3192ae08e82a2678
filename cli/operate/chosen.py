"""What a command that was given some events' ids says at its end."""

from collections.abc import Collection, Sequence

import click


def tell_count(count: int, one: str, several: str) -> None:
    """Say what was done, and to how many events."""
    click.echo(f"1 event {one}." if count == 1 else f"{count} events {several}.")


def end(wanted: Sequence[str] | None, found: Collection[str], what_else: str, *, bad: bool) -> None:
    """Name each event that was wanted and not found, as what it is.

    Raises:
        SystemExit: there is one, or something else went wrong.
    """
    others = sorted(set(wanted or ()) - set(found))
    for event_id in others:
        click.echo(f"{event_id} is {what_else}.", err=True)
    if bad or others:
        raise SystemExit(1)
