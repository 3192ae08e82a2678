"""`dunning out-webhooks`."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples

_ids = click.argument("events", metavar="[EVENT]...", nargs=-1)


@click.group()
def out_webhooks() -> None:
    """Look at what your own programs were not told yet, send it again, or let go of it.

    An out-webhook is tried over some 28 hours. After that it is dead, and kept for 30 days. Reads DUNNING_REDIS_URL, or
    else finds the server that `dunning up` runs on this machine.
    """


@out_webhooks.command("list", epilog=examples("dunning out-webhooks list", "dunning out-webhooks list --json"))
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def list_(*, in_json: bool) -> None:
    """List what is dead, and what waits, the oldest first: for whom, how often it was tried, and why it failed."""
    from cli.operate import out_webhooks as of_store

    of_store.list_(in_json=in_json)


@out_webhooks.command(
    epilog=examples(
        "dunning out-webhooks replay msg_0b7d3c52c6a44ac5ae0f1d1d8b0a3f0e", "dunning out-webhooks replay --all"
    )
)
@_ids
@click.option("--all", "all_", is_flag=True, help="Every dead one, and every one that waits for another try.")
@by_whom
def replay(*, events: tuple[str, ...], all_: bool, by: str) -> None:
    """Send dead ones again, and those that wait, at once: each to the destinations that have not got it.

    It keeps its id. The exit code is 1 if one of them is neither dead nor waiting, or its destination is not set.
    """
    from cli.operate import out_webhooks as of_store

    of_store.replay(_chosen(events, all_=all_), by)


@out_webhooks.command(
    epilog=examples("dunning out-webhooks drop msg_0b7d3c52c6a44ac5ae0f1d1d8b0a3f0e", "dunning out-webhooks drop --all")
)
@_ids
@click.option("--all", "all_", is_flag=True, help="Every dead one.")
@by_whom
def drop(*, events: tuple[str, ...], all_: bool, by: str) -> None:
    """Let go of dead ones: those destinations are never told. The exit code is 1 if one of them isn't dead."""
    from cli.operate import out_webhooks as of_store

    of_store.drop(_chosen(events, all_=all_), by)


def _chosen(events: tuple[str, ...], *, all_: bool) -> tuple[str, ...] | None:
    """Return those that are named, or None for all."""
    if all_ == bool(events):
        raise click.UsageError("Name the events, or give --all. `dunning out-webhooks list` lists them.")
    return None if all_ else events
