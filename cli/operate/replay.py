"""`dunning replay`: Paddle's events of some time, read and taken in once more."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import click
from aiohttp import ClientSession

from cli.run.changes import note_change
from cli.run.open_store import store_address
from dunning import log
from dunning.audit import Change
from dunning.errors import DunningError
from dunning.one_account import check_account
from dunning.paddle_api.client import PaddleClient
from dunning.rules.healing import most_unasked
from dunning.settings.load import Settings, load_settings
from dunning.store import REDIS_ERRORS, Accepted, Store
from worker.reconcile.patient_grants import PatientGrants
from worker.reconcile.reconciler import Reconciler
from worker.reconcile.replay import Replayed
from worker.reconcile.replay import replay as replay_

# What became of the events that were handed in.
OUTCOMES = {
    Accepted.ACCEPTED: "taken in",
    Accepted.REQUEUED: "dead before and handled again",
    Accepted.DUPLICATE: "known already",
    Accepted.NOT_KEPT: "of no use, since they end what has no case",
}


def replay(since: datetime, until: datetime, *, dry_run: bool, apply: bool, by: str) -> None:
    """Take the events of this time in, unless it is a dry run, and print how many.

    Raises:
        ClickException: more cases would be opened than is usual, or something could not be reached.
    """
    log.configure()
    settings = load_settings(redis_required=False)
    redis_url = store_address(settings.redis_url)
    try:
        done = asyncio.run(_replay(settings, redis_url, since, until, dry_run=dry_run, asked_to=apply, by=by))
    except DunningError as error:
        raise click.ClickException(str(error)) from None
    except REDIS_ERRORS as error:
        raise click.ClickException(f"Redis does not answer, or refuses ({type(error).__name__}).") from None
    for line in _lines(done, dry_run=dry_run):
        click.echo(line)
    if done.withheld:
        raise click.ClickException(
            f"{done.withheld} events would open more than the {most_unasked(settings.breaker)} cases that are usual, "
            "so they were not taken in. To take them in too, with the same options: dunning replay --apply"
        )


async def _replay(
    settings: Settings, redis_url: str, since: datetime, until: datetime, *, dry_run: bool, asked_to: bool, by: str
) -> Replayed:
    await check_account(settings, redis_url)
    store = Store.open(redis_url, rate_limit=settings.paddle.rate_limit)
    try:
        if not dry_run:
            await note_change(store, by, Change.READ_AGAIN, f"{since:%Y-%m-%dT%H:%M}/{until:%Y-%m-%dT%H:%M}")
        async with ClientSession() as http:
            paddle = PaddleClient(
                http,
                api_url=settings.paddle.api_url,
                api_key=settings.paddle.api_key.get_secret_value(),
                limiter=store.limiter,
            )
            reconciler = Reconciler(
                store=store,
                paddle=paddle,
                campaigns=settings.campaigns,
                breaker=settings.breaker,
                next_grant=PatientGrants(store.limiter, settings.paddle.rate_limit),
                clock=lambda: datetime.now(UTC),
                link_secrets=[secret.get_secret_value() for secret in settings.link_secrets],
            )
            return await replay_(reconciler, paddle, since, until, dry_run=dry_run, asked_to=asked_to)
    finally:
        await store.close()


def _lines(done: Replayed, *, dry_run: bool) -> Iterator[str]:
    yield f"{done.read} events of that time are of a type that is used."
    if dry_run:
        yield "This was a dry run: nothing was changed."
        return
    for outcome, words in OUTCOMES.items():
        if done.outcomes[outcome]:
            yield f"  {done.outcomes[outcome]} {words}"
