"""`dunning pause` and `dunning resume`."""

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples


@click.command(epilog=examples("dunning pause", "dunning pause renewal --by ada"))
@click.argument("campaign", required=False)
@by_whom
def pause(campaign: str | None, *, by: str) -> None:
    """Stop all mail, or that of CAMPAIGN, at once.

    Steps stay due: after `dunning resume` each case goes on with the latest that is due. Webhooks are taken in and
    payment links work meanwhile. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this
    machine, and for CAMPAIGN also DUNNING_CAMPAIGN_FILE. It works even if any other setting is wrong.
    """
    from cli.operate import brakes

    brakes.pause(campaign, by)


@click.command(epilog=examples("dunning resume", "dunning resume renewal"))
@click.argument("campaign", required=False)
@by_whom
def resume(campaign: str | None, *, by: str) -> None:
    """Start all mail, or that of CAMPAIGN, again.

    Without CAMPAIGN it also releases the breaker, which then stays off for a day. Campaigns that were paused by name
    stay paused until they are named. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this
    machine, and for CAMPAIGN also DUNNING_CAMPAIGN_FILE.
    """
    from cli.operate import brakes

    brakes.resume(campaign, by)
