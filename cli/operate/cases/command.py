"""The `dunning cases` commands: each opens the store, does its work and prints what came of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import click

from cli.operate.cases import listing
from cli.operate.cases.customers import customers_of
from cli.operate.cases.screen import console, show_case, show_list, show_none
from cli.run.changes import note_change
from cli.run.open_store import open_store
from dunning import log
from dunning.audit import Change
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.casebook import as_json
from dunning.casebook.by_hand import resend as resend_
from dunning.casebook.by_hand import send_now as send_now_
from dunning.casebook.by_hand import stop as stop_
from dunning.casebook.campaigns import Campaigns
from dunning.casebook.case_page import listed_cases
from dunning.casebook.find import EVERY, CaseFile, CaseQuery, ListedCase, read_case_file
from dunning.casebook.no_case import NoCase, read_no_case
from dunning.errors import CaseNotFoundError, ConfigurationError, NotPossibleError
from dunning.rules.campaign import Campaign
from dunning.settings.load import load_campaigns, load_store_settings
from dunning.store import Paused, Store

Answer = TypeVar("Answer")


def list_(wanted: CaseQuery, *, limit: int | None, form: str) -> None:
    """Print the cases that are wanted, as a `table`, `json` or `csv`. No limit prints them all."""

    async def find(store: Store, campaigns: Campaigns) -> tuple[list[ListedCase], bool, Paused, set[str]]:
        most = None if limit is None else limit + 1
        found = [one async for one in listed_cases(store, campaigns, wanted, datetime.now(UTC), most)]
        return (
            found[:limit],
            len(found) == most,
            await store.brakes.paused(),
            {one.id for one in await store.exclusions.all()},
        )

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


def show(about: str, *, verbose: bool, in_json: bool) -> None:
    """Print the story of a case. Of a customer, a subscription or an address, print that of the only one, or a list.

    Raises:
        ClickException: there is none.
        SystemExit: there is none, and JSON says why.
    """
    if about.startswith("txn_"):
        _show_case(about, verbose=verbose, in_json=in_json)
        return
    if about.startswith("sub_"):
        wanted = [CaseQuery(subscription=about, states=EVERY)]
    else:
        customers = customers_of(about) if "@" in about else [about]
        wanted = [CaseQuery(customer=one, states=EVERY) for one in customers]
    _show_cases(wanted, verbose=verbose, in_json=in_json)


def _show_case(case: str, *, verbose: bool, in_json: bool) -> None:
    async def find(store: Store, campaigns: Campaigns) -> CaseFile | NoCase:
        try:
            return await read_case_file(store, campaigns, case, datetime.now(UTC))
        except CaseNotFoundError:
            return await read_no_case(store, case)

    found = _run(find)
    if isinstance(found, NoCase):
        if not in_json:
            raise click.ClickException(str(found))
        _print_json(as_json.no_case(found))
        raise SystemExit(1)
    if in_json:
        _print_json(as_json.told(found))
    else:
        show_case(console(), found, datetime.now(UTC), verbose=verbose)


def _show_cases(wanted: Sequence[CaseQuery], *, verbose: bool, in_json: bool) -> None:
    async def find(store: Store, campaigns: Campaigns) -> tuple[list[ListedCase], list[CaseFile], Paused, set[str]]:
        now = datetime.now(UTC)
        listed = [one for query in wanted async for one in listed_cases(store, campaigns, query, now)]
        files = [await read_case_file(store, campaigns, one.id, now) for one in listed if in_json or len(listed) == 1]
        return listed, files, await store.brakes.paused(), {one.id for one in await store.exclusions.all()}

    listed, files, paused, excluded = _run(find)
    if in_json:
        _print_json({"cases": [as_json.told(one) for one in files]})
    elif not listed:
        raise click.ClickException(" ".join(map(listing.in_words, wanted)))
    elif files:
        show_case(console(), files[0], datetime.now(UTC), verbose=verbose)
    else:
        show_list(console(), listed, paused, excluded, datetime.now(UTC), more=False)
        click.echo("`dunning cases show` with the id of one tells its story.")
    if not listed:
        raise SystemExit(1)


def stop(case: str, by: str) -> None:
    """End a case, and print what came of it."""

    async def end(store: Store, campaigns: Campaigns) -> list[str]:
        told = await stop_(store, campaigns, case, datetime.now(UTC), by=by)
        await note_change(store, by, Change.STOP, case)
        return told

    _tell(_run(end))


def send_now(case: str, step: str | None, by: str) -> None:
    """Make a step of a case due, and print what will happen."""

    async def bring_forward(store: Store, campaigns: Campaigns) -> list[str]:
        told = await send_now_(store, campaigns, case, step, datetime.now(UTC), by=by)
        await note_change(store, by, Change.SEND_NOW, case)
        return told

    _tell(_run(bring_forward))


def resend(case: str, by: str) -> None:
    """Send the last mail about a case once more, and print what will happen."""

    async def send_again(store: Store, campaigns: Campaigns) -> list[str]:
        told = await resend_(store, campaigns, case, datetime.now(UTC), by=by)
        await note_change(store, by, Change.RESEND, case)
        return told

    _tell(_run(send_again))


def _run(work: Callable[[Store, Campaigns], Awaitable[Answer]]) -> Answer:
    log.configure()
    settings, campaigns = load_store_settings(), configured()

    async def run() -> Answer:
        async with open_store(settings) as store:
            return await work(store, Campaigns(store, campaigns))

    try:
        return asyncio.run(run())
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None


def configured() -> Sequence[Campaign]:
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
