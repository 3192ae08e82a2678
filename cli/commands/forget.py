"""`dunning forget`."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples
from cli.commands.paddle_id import CUSTOMER


@click.command(epilog=examples("dunning forget ctm_01h8441jn5pcwrfhwh78jqt8hk"))
@click.argument("customer", type=CUSTOMER)
@click.option("--yes", is_flag=True, help="Don't ask.")
@by_whom
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document. It goes with --yes.")
def forget(*, customer: str, yes: bool, by: str, in_json: bool) -> None:
    """Delete all that is stored of a customer.

    Their cases, open or ended, with stories and clicks; events that wait or are dead, and what is queued; their
    exclusions. Links in earlier emails are dead. Nothing changes at Paddle. For 90 days a keyed hash of the id stays,
    so that no late event opens a case; a renewal that fails after that gets one again.

    Reads DUNNING_LINK_SECRETS, and DUNNING_REDIS_URL or else finds the server that `dunning up` runs on this machine.
    """
    if in_json and not yes:
        raise click.UsageError("--json asks nothing: it goes with --yes.")
    if not yes:
        click.confirm(f"Delete all that is stored of {customer}?", abort=True)
    from cli.operate import forget as of_store

    of_store.forget(customer, by, in_json=in_json)
