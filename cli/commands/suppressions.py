"""The `dunning suppressions` commands."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples

_address = click.argument("address", metavar="ADDRESS")


@click.group()
def suppressions() -> None:
    """Look at the addresses that get no mail since they bounced or complained, and change them.

    Addresses are kept as keyed hashes, so none can be listed. Reads DUNNING_REDIS_URL, or else finds the server that
    `dunning up` runs on this machine; `add` and `remove` also read DUNNING_LINK_SECRETS.
    """


@suppressions.command("list", epilog=examples("dunning suppressions list --json"))
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def list_(*, in_json: bool) -> None:
    """Tell how many addresses are suppressed, for which reasons, and since when the latest of each is."""
    from cli.operate import suppressions as of_store

    of_store.list_(in_json=in_json)


@suppressions.command(epilog=examples("dunning suppressions add customer@example.com"))
@_address
@by_whom
def add(address: str, *, by: str) -> None:
    """Send no more mail to ADDRESS, for any case."""
    from cli.operate import suppressions as of_store

    of_store.add(address, by)


@suppressions.command(epilog=examples("dunning suppressions remove customer@example.com"))
@_address
@by_whom
def remove(address: str, *, by: str) -> None:
    """Mail ADDRESS again. Take it off your mail provider's own list first."""
    from cli.operate import suppressions as of_store

    of_store.remove(address, by)
