"""Portal links for the seller's own app, whose customer is signed in there: made when asked, and kept nowhere."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

import structlog
from aiohttp import web

from console.api.models import CustomerPath, Nothing, PortalLinks, PortalLinksRequest, SubscriptionLinks
from console.api.problems import ProblemError
from console.keys import PADDLE, SETTINGS, STORE
from dunning import time_limits
from dunning.errors import OperatorMustActError, TransientError, UnsafePortalUrlError
from dunning.paddle.portal import PortalSession, check_deep_link
from dunning.paddle_api.client import SUBSCRIPTIONS_PER_SESSION, CallRefusedError
from dunning.paddle_api.grants import Grant

log = structlog.get_logger()

# A call stops counting a minute after it was answered; some always do before.
BUDGET_FREE_SECONDS = 10


async def make(request: web.Request, path: CustomerPath, _query: Nothing, body: PortalLinksRequest) -> PortalLinks:
    """Make the overview's link, and those of the subscriptions that are named: one session for every 25.

    Raises:
        ProblemError: Paddle doesn't know them, refuses, doesn't answer, or the API budget has no room.
    """
    wanted = list(dict.fromkeys(body.subscription_ids))
    starts = range(0, max(len(wanted), 1), SUBSCRIPTIONS_PER_SESSION)
    chunks = [wanted[start : start + SUBSCRIPTIONS_PER_SESSION] for start in starts]
    grants = await request.app[STORE].limiter.ask(len(chunks), background=False)
    if not grants:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS, "The API budget has no room now.", retry_after=BUDGET_FREE_SECONDS
        )
    sessions = await _make_sessions(request, path.customer_id, chunks, grants)
    try:
        return _checked(request, sessions, chunks)
    except UnsafePortalUrlError as error:
        log.error("console.unsafe_link", error=str(error))  # noqa: TRY400 - what it says is all there is
        raise ProblemError(
            HTTPStatus.BAD_GATEWAY,
            "Paddle made links that sign nobody in. Does the API key have customer_portal_session.write?",
        ) from None


async def _make_sessions(
    request: web.Request, customer_id: str, chunks: Sequence[Sequence[str]], grants: Sequence[Grant]
) -> list[PortalSession]:
    paddle = request.app[PADDLE]
    try:
        async with asyncio.timeout(time_limits.PADDLE_CALL.total_seconds()):
            return [
                await paddle.create_portal_session(customer_id, chunk, grant)
                for chunk, grant in zip(chunks, grants, strict=True)
            ]
    except CallRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise ProblemError(HTTPStatus.NOT_FOUND, "Paddle knows no such customer or subscription.") from None
        raise ProblemError(HTTPStatus.CONFLICT, f"Paddle refuses these links ({error.code}).") from None
    except OperatorMustActError as error:
        log.error("console.paddle_refuses_us", hold=error.hold)  # noqa: TRY400 - the hold says all
        raise ProblemError(HTTPStatus.BAD_GATEWAY, f"Paddle refuses our API key ({error.hold}).") from None
    except (TransientError, TimeoutError) as error:
        log.warning("console.paddle_away", error=type(error).__name__)
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, "Paddle does not answer now.", retry_after=BUDGET_FREE_SECONDS
        ) from None


def _checked(request: web.Request, sessions: Sequence[PortalSession], chunks: Sequence[Sequence[str]]) -> PortalLinks:
    origins = request.app[SETTINGS].paddle.portal_origins
    made = [
        (session.links(subscription_id), session)
        for session, chunk in zip(sessions, chunks, strict=True)
        for subscription_id in chunk
    ]
    return PortalLinks(
        customer_id=sessions[0].customer_id,
        overview=check_deep_link(sessions[0].overview, origins=origins),
        expires_at=min(session.expires_at for session in sessions),
        subscriptions=[
            SubscriptionLinks(
                subscription_id=links.subscription_id,
                update_payment_method=check_deep_link(links.update_payment_method, origins=origins),
                cancel=check_deep_link(links.cancel, origins=origins),
                view=None if links.view is None else check_deep_link(links.view, origins=origins),
            )
            for links, _ in made
        ],
    )
