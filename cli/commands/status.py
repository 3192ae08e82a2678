"""`dunning status`."""

import click

from cli.commands.examples import examples


@click.command(epilog=examples("dunning status", "dunning status --watch", "dunning status --json"))
@click.option("--watch", is_flag=True, help="Show it anew every two seconds, until Ctrl-C.")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document; with --watch one a line.")
def status(*, watch: bool, in_json: bool) -> None:
    """Show how things stand: open cases, queues, budget, holds.

    Open cases are counted by campaign, next step and decline class, up to 20,000 of them, those that are due first.
    Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this machine, and DUNNING_CAMPAIGN_FILE.
    The exit code is 0 whatever is shown, and 1 if Redis can't be asked.
    """
    from cli.operate import status as of_store

    of_store.show(watch=watch, in_json=in_json)
