"""The `dunning sign-in` command."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples

ROLES = ("viewer", "operator")


@click.command(
    "sign-in",
    epilog=examples(
        "dunning sign-in ada --role operator", "dunning sign-in --list", "dunning sign-in --revoke 1f0c3a9b2d7e"
    ),
)
@click.argument("name", required=False)
@click.option(
    "--role",
    type=click.Choice(ROLES),
    help="What NAME may do: viewer (see everything) or operator (change things too).",
)
@click.option("--list", "listing", is_flag=True, help="List who is signed in.")
@click.option("--revoke", metavar="ID", help="End a session by its ID, as --list has it.")
@by_whom
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def sign_in(name: str | None, role: str | None, *, listing: bool, revoke: str | None, by: str, in_json: bool) -> None:
    """Print a link by which NAME signs in to the private side, once, within 15 minutes.

    Whoever has the link gets in: hand it over by a way that you trust. Reads DUNNING_LINK_SECRETS, DUNNING_REDIS_URL,
    or else finds the server that `dunning up` runs on this machine, and DUNNING_CONSOLE_URL, or else
    DUNNING_CONSOLE_HOST and DUNNING_CONSOLE_PORT.
    """
    from cli.operate import sign_in as of_store

    if sum((name is not None, listing, revoke is not None)) != 1:
        raise click.UsageError("Give a NAME, or --list, or --revoke ID.")
    if (name is None) != (role is None):
        raise click.UsageError("A NAME needs --role viewer or --role operator." if name else "--role is for a NAME.")
    if listing:
        of_store.list_(in_json=in_json)
    elif revoke is not None:
        of_store.revoke(revoke, by)
    elif name is not None and role is not None:
        of_store.make_link(name, role, by, in_json=in_json)
