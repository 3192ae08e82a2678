"""The `dunning cases` commands: each opens the store, does its work and prints what came of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import click

from cli.operate.cases import as_json, listing
from cli.operate.cases.screen import console, show_case, show_list, show_none
from cli.run.open_store import open_store
from dunning import log
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook.by_hand import send_now as send_now_
from dunning.casebook.by_hand import stop as stop_
from dunning.casebook.campaigns import Campaigns
from dunning.casebook.find import CaseFile, CaseQuery, ListedCase, listed_cases, read_case_file
from dunning.errors import ConfigurationError, NotPossibleError
from dunning.rules.campaign import Campaign
from dunning.settings.load import load_campaigns, load_store_settings
from dunning.store import Paused, Store

Answer = TypeVar("Answer")


def list_(wanted: CaseQuery, *, limit: int | None, form: str) -> None:
    """Print the cases that are wanted, as a `table`, `json` or `csv`. No limit prints them all."""

    async def find(store: Store, campaigns: Campaigns) -> tuple[list[ListedCase], bool, Paused, set[str]]:
        found: list[ListedCase] = []
        more, now = False, datetime.now(UTC)
        async for one in listed_cases(store, campaigns, wanted, now):
            if more := len(found) == limit:
                break
            found.append(one)
        return found, more, await store.brakes.paused(), {one.id for one in await store.exclusions.all()}

    found, more, paused, excluded = _run(find)
    if form == "json":
        _print_json(as_json.listed(found, paused, excluded, more=more))
    elif form == "csv":
        click.echo(listing.as_csv(found, paused, excluded, more=more), nl=False)
        if more:
            click.echo(f"These are the first {len(found)}: --limit sets another number.", err=True)
    elif found:
        show_list(console(), found, paused, excluded, datetime.now(UTC), more=more)
    else:
        show_none(console(), wanted, paused)


def show(case: str, *, in_json: bool) -> None:
    """Print the whole story of a case."""

    async def find(store: Store, campaigns: Campaigns) -> CaseFile:
        return await read_case_file(store, campaigns, case, datetime.now(UTC))

    told = _run(find)
    if in_json:
        _print_json(as_json.told(told))
    else:
        show_case(console(), told, datetime.now(UTC))


def stop(case: str) -> None:
    """End a case, and print what came of it."""

    async def end(store: Store, campaigns: Campaigns) -> list[str]:
        return await stop_(store, campaigns, case, datetime.now(UTC))

    _tell(_run(end))


def send_now(case: str, step: str | None) -> None:
    """Make a step of a case due, and print what will happen."""

    async def bring_forward(store: Store, campaigns: Campaigns) -> list[str]:
        return await send_now_(store, campaigns, case, step, datetime.now(UTC))

    _tell(_run(bring_forward))


def _run(work: Callable[[Store, Campaigns], Awaitable[Answer]]) -> Answer:
    log.configure()
    settings, configured = load_store_settings(), _configured()

    async def run() -> Answer:
        async with open_store(settings) as store:
            return await work(store, Campaigns(store, configured))

    try:
        return asyncio.run(run())
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None


def _configured() -> Sequence[Campaign]:
    """Return the campaigns of the file. If it is broken, say so and go on: cases keep the campaign they began with."""
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
