"""The `dunning tokens` commands."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples

SCOPES = ("links", "read", "operate")


def _scopes(_context: click.Context, _parameter: click.Parameter, value: str) -> frozenset[str]:
    wanted = frozenset(one.strip() for one in value.split(","))
    if unknown := sorted(wanted - set(SCOPES)):
        raise click.BadParameter(f"{', '.join(unknown)} is none; it should be of {', '.join(SCOPES)}")
    return wanted


@click.group()
def tokens() -> None:
    """Make, list and revoke the tokens of your own programs.

    Programs come to `dunning console` with them. Each is shown once, when it is made; only a hash of it is kept. Reads
    DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this machine.
    """


@tokens.command(epilog=examples("dunning tokens create shop --scope links,read"))
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    required=True,
    callback=_scopes,
    help="What it is for, comma-separated: links (portal links), read (standing and cases), operate (stop and send).",
)
@by_whom
def create(name: str, *, scopes: frozenset[str], by: str) -> None:
    """Make a token for a program, and print it this once."""
    from cli.operate import tokens as of_store

    of_store.create(name, scopes, by)


@tokens.command("list", epilog=examples("dunning tokens list --json"))
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")
def list_(*, in_json: bool) -> None:
    """List the tokens: whose, for what, made when and last used when."""
    from cli.operate import tokens as of_store

    of_store.list_(in_json=in_json)


@tokens.command(epilog=examples("dunning tokens revoke 1f0c3a9b2d7e"))
@click.argument("token_id", metavar="ID")
@by_whom
def revoke(token_id: str, *, by: str) -> None:
    """Revoke a token by its ID, as `dunning tokens list` has it. It opens nothing from now on."""
    from cli.operate import tokens as of_store

    of_store.revoke(token_id, by)
