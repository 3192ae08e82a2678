"""`dunning pause` and `dunning resume`: the operator's brake on all mail, or on one campaign's."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime

import click

from cli.run.changes import note_change
from cli.run.open_store import open_store
from dunning import log
from dunning.audit import Change
from dunning.casebook.brakes import pause as pause_
from dunning.casebook.brakes import resume as resume_
from dunning.errors import ConfigurationError
from dunning.settings.load import StoreSettings, load_campaigns, load_store_settings
from dunning.store import Store


def pause(campaign: str | None, by: str) -> None:
    """Stop all mail, or one campaign's, and say what is paused then."""
    _run(_pause(load_store_settings(), campaign, by))


def resume(campaign: str | None, by: str) -> None:
    """Start all mail, or one campaign's, again, and say what is still paused."""
    _run(_resume(load_store_settings(), campaign, by))


def _run(work: Coroutine[None, None, list[str]]) -> None:
    log.configure()
    for line in asyncio.run(work):
        click.echo(line)


async def _pause(settings: StoreSettings, campaign: str | None, by: str) -> list[str]:
    async with open_store(settings) as store:
        await _check(store, campaign)
        told = await pause_(store, campaign, datetime.now(UTC), by=by)
        await note_change(store, by, Change.PAUSE, campaign or "")
        return told


async def _resume(settings: StoreSettings, campaign: str | None, by: str) -> list[str]:
    async with open_store(settings) as store:
        await _check(store, campaign)
        told = await resume_(store, campaign, datetime.now(UTC))
        await note_change(store, by, Change.RESUME, campaign or "")
        return told


async def _check(store: Store, campaign: str | None) -> None:
    """Refuse a campaign that nobody knows: a brake on a mistyped name would stop nothing."""
    if campaign is None:
        return
    kept = await store.campaigns.names()
    if campaign in kept:
        return
    try:
        configured = {one.name for one in load_campaigns()}
    except ConfigurationError as error:
        known = f"Known from earlier starts: {_listed(kept) or 'none'}."
        raise click.ClickException(
            f"There is no campaign {campaign!r}. {known} The file can't be read:\n{error}"
        ) from None
    if campaign not in configured:
        kept -= configured
        older = f" Open cases may also follow {_listed(kept)}, of earlier files." if kept else ""
        raise click.ClickException(f"There is no campaign {campaign!r}. Configured: {_listed(configured)}.{older}")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
