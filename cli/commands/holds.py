"""`dunning holds`."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples
from dunning.reasons import HoldWord

_json = click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")


@click.group(invoke_without_command=True, epilog=examples("dunning holds", "dunning holds release mail_policy"))
@_json
@click.pass_context
def holds(context: click.Context, *, in_json: bool) -> None:
    """Show what stops sending until somebody mends it.

    Steps stay due meanwhile. When it is mended, sending goes on by itself. docs/operations.md says what to do about
    each. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this machine.
    """
    if context.invoked_subcommand is None:
        from cli.operate import holds as of_store

        of_store.list_(in_json=in_json)


@holds.command(epilog=examples("dunning holds release mail_policy"))
@click.argument("word", type=click.Choice([word.value for word in HoldWord]), metavar="HOLD")
@by_whom
def release(*, word: str, by: str) -> None:
    """Take HOLD off by hand.

    If what it is about is not mended, the hold comes back with the next case. The exit code is 1 if it is not on.
    """
    from cli.operate import holds as of_store

    of_store.release(word, by)
