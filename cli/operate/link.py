"""`dunning link`: Paddle's own links for one customer, made by hand, for example when a customer asks support."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from http import HTTPStatus

import click
from aiohttp import ClientSession

from dunning import log
from dunning.errors import DunningError
from dunning.paddle.live import LiveSubscription
from dunning.paddle.portal import PortalSession, check_deep_link
from dunning.paddle_api.client import SUBSCRIPTIONS_PER_SESSION, CallRefusedError, PaddleClient
from dunning.paddle_api.grants import Unlimited
from dunning.settings.load import PaddleSettings, load_paddle_settings


def print_links(customer: str, wanted: Collection[str]) -> None:
    """Make and print portal links for a customer: for all subscriptions, or those that are wanted.

    Raises:
        ClickException: Paddle doesn't know them, refuses, or doesn't answer.
    """
    log.configure()
    settings = load_paddle_settings()
    try:
        lines = asyncio.run(_make_links(settings, customer, wanted))
    except DunningError as error:
        raise click.ClickException(str(error)) from None
    for line in lines:
        click.echo(line)


async def _make_links(settings: PaddleSettings, customer_id: str, wanted: Collection[str]) -> list[str]:
    async with ClientSession() as http:
        paddle = PaddleClient(
            http, api_url=settings.api_url, api_key=settings.api_key.get_secret_value(), limiter=Unlimited()
        )
        try:
            subscriptions = [found async for found in paddle.customer_subscriptions(customer_id)]
            # For an unknown customer Paddle lists nothing. Only making a session shows that the customer is unknown.
            sessions = [await _session(paddle, customer_id, chunk) for chunk in _chunks(_chosen(subscriptions, wanted))]
        except CallRefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise click.ClickException(_no_customer(settings, customer_id)) from None
            raise
    missing = sorted(set(wanted) - {subscription.id for subscription in subscriptions})
    if missing:
        raise click.ClickException(f"{customer_id} has no subscription {', '.join(missing)}.")
    return list(_lines(sessions, _chosen(subscriptions, wanted), settings.portal_origins))


async def _session(paddle: PaddleClient, customer_id: str, chunk: Sequence[LiveSubscription]) -> PortalSession:
    limiter = Unlimited()
    (grant,) = await limiter.ask(1, background=False)
    return await paddle.create_portal_session(customer_id, [subscription.id for subscription in chunk], grant)


def _chosen(subscriptions: Sequence[LiveSubscription], wanted: Collection[str]) -> list[LiveSubscription]:
    return [subscription for subscription in subscriptions if not wanted or subscription.id in wanted]


def _chunks(subscriptions: Sequence[LiveSubscription]) -> list[Sequence[LiveSubscription]]:
    """Cut into chunks that fit one session. Without subscriptions there is one empty chunk, for the overview link."""
    starts = range(0, max(len(subscriptions), 1), SUBSCRIPTIONS_PER_SESSION)
    return [subscriptions[start : start + SUBSCRIPTIONS_PER_SESSION] for start in starts]


def _no_customer(settings: PaddleSettings, customer_id: str) -> str:
    world = "sandbox" if settings.sandbox else "live account"
    return f"Paddle knows no customer {customer_id} in the {world} that the API key belongs to."


def _lines(
    sessions: Sequence[PortalSession], subscriptions: Sequence[LiveSubscription], origins: Collection[str]
) -> Iterator[str]:
    expires_at = min(session.expires_at for session in sessions)
    yield f"These links work until {expires_at:%Y-%m-%d %H:%M} UTC. Whoever has one is signed in as the customer."
    yield ""
    yield f"{sessions[0].customer_id}"
    yield f"  overview  {check_deep_link(sessions[0].overview, origins=origins)}"
    for session, chunk in zip(sessions, _chunks(subscriptions), strict=True):
        for subscription in chunk:
            links = session.links(subscription.id)
            yield ""
            yield f"{subscription.id}  {subscription.status.replace('_', ' ')}"
            yield f"  update    {check_deep_link(links.update_payment_method, origins=origins)}"
            yield f"  cancel    {check_deep_link(links.cancel, origins=origins)}"
            if links.view:
                yield f"  view      {check_deep_link(links.view, origins=origins)}"
