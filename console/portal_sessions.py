"""Links into Paddle's customer portal: made when asked, checked, and kept nowhere."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog
from aiohttp import web

from console.keys import PADDLE, SETTINGS, STORE
from dunning import time_limits
from dunning.errors import OperatorMustActError, TransientError, UnsafePortalUrlError
from dunning.paddle.portal import PortalLinks, PortalSession, check_deep_link
from dunning.paddle_api.client import SUBSCRIPTIONS_PER_SESSION, CallRefusedError
from dunning.paddle_api.grants import Grant

log = structlog.get_logger()

# A call stops counting a minute after it was answered; some always do before.
BUDGET_FREE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class MadeLinks:
    """Links that sign their reader in, each checked to lead to Paddle's portal."""

    overview: str
    expires_at: datetime
    subscriptions: Sequence[PortalLinks]


class NoLinksError(Exception):
    """Why there are none. `detail` is a sentence for whoever asked, `retry_after` seconds after which to ask again."""

    def __init__(self, status: HTTPStatus, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after


async def make_links(app: web.Application, customer_id: str, subscription_ids: Sequence[str]) -> MadeLinks:
    """Make the overview's link, and those of these subscriptions: one session for every 25.

    Raises:
        NoLinksError: Paddle doesn't know them, refuses, doesn't answer, or the API budget has no room.
    """
    wanted = list(dict.fromkeys(subscription_ids))
    starts = range(0, max(len(wanted), 1), SUBSCRIPTIONS_PER_SESSION)
    chunks = [wanted[start : start + SUBSCRIPTIONS_PER_SESSION] for start in starts]
    grants = await app[STORE].limiter.ask(len(chunks), background=False)
    if not grants:
        raise NoLinksError(
            HTTPStatus.TOO_MANY_REQUESTS, "The API budget has no room now.", retry_after=BUDGET_FREE_SECONDS
        )
    sessions = await _make_sessions(app, customer_id, chunks, grants)
    try:
        return _checked(app, sessions, chunks)
    except UnsafePortalUrlError as error:
        log.error("console.unsafe_link", error=str(error))  # noqa: TRY400 - what it says is all there is
        raise NoLinksError(
            HTTPStatus.BAD_GATEWAY,
            "Paddle made links that sign nobody in. Does the API key have customer_portal_session.write?",
        ) from None


async def _make_sessions(
    app: web.Application, customer_id: str, chunks: Sequence[Sequence[str]], grants: Sequence[Grant]
) -> list[PortalSession]:
    paddle = app[PADDLE]
    try:
        async with asyncio.timeout(time_limits.PADDLE_CALL.total_seconds()):
            return [
                await paddle.create_portal_session(customer_id, chunk, grant)
                for chunk, grant in zip(chunks, grants, strict=True)
            ]
    except CallRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise NoLinksError(HTTPStatus.NOT_FOUND, "Paddle knows no such customer or subscription.") from None
        raise NoLinksError(HTTPStatus.CONFLICT, f"Paddle refuses these links ({error.code}).") from None
    except OperatorMustActError as error:
        log.error("console.paddle_refuses_us", hold=error.hold)  # noqa: TRY400 - the hold says all
        raise NoLinksError(HTTPStatus.BAD_GATEWAY, f"Paddle refuses our API key ({error.hold}).") from None
    except (TransientError, TimeoutError) as error:
        log.warning("console.paddle_away", error=type(error).__name__)
        raise NoLinksError(
            HTTPStatus.SERVICE_UNAVAILABLE, "Paddle does not answer now.", retry_after=BUDGET_FREE_SECONDS
        ) from None


def _checked(app: web.Application, sessions: Sequence[PortalSession], chunks: Sequence[Sequence[str]]) -> MadeLinks:
    origins = app[SETTINGS].paddle.portal_origins
    made = [
        session.links(subscription_id)
        for session, chunk in zip(sessions, chunks, strict=True)
        for subscription_id in chunk
    ]
    for links in made:
        for link in filter(None, (links.update_payment_method, links.cancel, links.view)):
            check_deep_link(link, origins=origins)
    return MadeLinks(
        overview=check_deep_link(sessions[0].overview, origins=origins),
        expires_at=min(session.expires_at for session in sessions),
        subscriptions=made,
    )
