"""The `dunning cases` commands."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import click

from cli.cases import as_json
from cli.cases.change import send_now as send_now_
from cli.cases.change import stop as stop_
from cli.cases.find import OpenCase, Told, Wanted, open_cases, tell
from cli.cases.screen import console, show_case, show_list
from cli.open_store import open_store
from dunning import log
from dunning.campaign import Campaign
from dunning.campaign_file import parse_campaigns, shipped
from dunning.errors import ConfigurationError
from dunning.settings import load_campaigns, load_store_settings
from dunning.store import Paused, Store
from worker.campaigns import Campaigns

Answer = TypeVar("Answer")

LIMIT = 50

_case = click.argument("case")
_json = click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")


@click.group()
def cases() -> None:
    """Look at cases, and stop or send by hand.

    A case has the id of the transaction that is owed, txn_.... Times are UTC. Nothing here shows a name, an address or
    an amount: they are not kept. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this
    machine, and DUNNING_CAMPAIGN_FILE.
    """


@cases.command("list")
@click.option("--campaign", metavar="NAME", help="Only cases of this campaign.")
@click.option("--subscription", metavar="SUBSCRIPTION", help="Only cases of this subscription (sub_...).")
@click.option("--customer", metavar="CUSTOMER", help="Only cases of this customer (ctm_...).")
@click.option("--limit", type=click.IntRange(min=1), default=LIMIT, show_default=True, help="How many at most.")
@click.option("--all", "all_", is_flag=True, help="All of them, however many.")
@_json
def list_(
    *, campaign: str | None, subscription: str | None, customer: str | None, limit: int, all_: bool, in_json: bool
) -> None:
    """List the open cases, the one that is due next first."""
    wanted = Wanted(campaign=campaign, subscription=subscription, customer=customer)

    async def find(store: Store, campaigns: Campaigns) -> tuple[list[OpenCase], bool, Paused]:
        found: list[OpenCase] = []
        async for one in open_cases(store, campaigns, wanted):
            if not all_ and len(found) == limit:
                return found, True, await store.brakes.paused()
            found.append(one)
        return found, False, await store.brakes.paused()

    found, more, paused = _run(find)
    if in_json:
        _print_json(as_json.listed(found, paused, more=more))
    else:
        show_list(console(), found, paused, more=more)


@cases.command()
@_case
@_json
def show(*, case: str, in_json: bool) -> None:
    """Tell the whole story of CASE: its events, decisions with their reasons, mails and clicks."""

    async def find(store: Store, campaigns: Campaigns) -> Told:
        return await tell(store, campaigns, case)

    told = _run(find)
    if in_json:
        _print_json(as_json.told(told))
    else:
        show_case(console(), told)


@cases.command()
@_case
def stop(*, case: str) -> None:
    """End CASE: no more mail, and its payment links are dead.

    The debt stays open at Paddle. A case that was stopped can't be started again.
    """

    async def end(store: Store, campaigns: Campaigns) -> list[str]:
        return await stop_(store, campaigns, case, datetime.now(UTC))

    _tell(_run(end))


@cases.command("send-now")
@_case
@click.option("--step", metavar="STEP", help="This one, in place of the next that is not done.")
def send_now(*, case: str, step: str | None) -> None:
    """Make a step of CASE due now.

    It goes the usual way: Paddle is asked first, and pauses, holds and sending hours count.
    """

    async def bring_forward(store: Store, campaigns: Campaigns) -> list[str]:
        return await send_now_(store, campaigns, case, step, datetime.now(UTC))

    _tell(_run(bring_forward))


def _run(work: Callable[[Store, Campaigns], Awaitable[Answer]]) -> Answer:
    log.configure()
    settings, configured = load_store_settings(), _configured()

    async def run() -> Answer:
        async with open_store(settings) as store:
            return await work(store, Campaigns(store, configured))

    return asyncio.run(run())


def _configured() -> Sequence[Campaign]:
    """Return the campaigns of the file. A broken one is told and done without: cases keep what they began with."""
    try:
        return load_campaigns()
    except ConfigurationError as error:
        click.echo(error, err=True)
        return parse_campaigns(shipped(), "default.toml")


def _print_json(document: as_json.Json) -> None:
    click.echo(json.dumps(document, indent=2))


def _tell(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
