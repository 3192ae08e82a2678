"""What is asked of Paddle by hand, to connect and to look whether all is well: who we are, and our destination.

https://developer.paddle.com/api-reference/notification-settings/overview
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from aiohttp import ClientSession
from pydantic import ValidationError

from dunning import time_limits
from dunning.errors import TransientError
from dunning.instants import to_text
from dunning.paddle import answers, destinations
from dunning.paddle.answers import Caller
from dunning.paddle.destinations import Destination, Plan
from dunning.paddle_api.calls import Call, Calls
from dunning.paddle_api.grants import Grant, Unlimited
from dunning.paddle_api.permissions import CONNECTING_NEEDS, EVENTS_NEED, LOOKING_NEEDS

_PER_PAGE = "200"  # the most, and more than an account's active destinations, of which there are ten at most

Asked = TypeVar("Asked")
Found = TypeVar("Found")


class Setup:
    """Asks Paddle about our connection. Raises as `PaddleClient` does.

    It makes a handful of calls and shares no budget: it has to work without Redis.
    """

    def __init__(self, http: ClientSession, *, api_url: str, api_key: str, timeout: timedelta) -> None:
        """Use `http`, which stays the caller's to close."""
        self._calls = Calls(
            http,
            api_url=api_url,
            api_key=api_key,
            limiter=Unlimited(),
            timeout=timeout,
            clock=lambda: datetime.now(UTC),
        )

    async def caller(self) -> tuple[Caller, datetime | None]:
        """Read who we are, and the time on Paddle's clock in whole seconds, if it was told."""
        call = Call("GET /", "GET", self._calls.url("/"), ())
        body, time = await self._look(call)
        return answers.read_caller(body), time

    async def event_types(self) -> Collection[str]:
        """Read which types of events there are. The key needs no permission for it."""
        call = Call("GET /event-types", "GET", self._calls.url("/event-types"), ())
        body, _ = await self._look(call)
        return _read(body, destinations.read_event_types, "list of events")

    async def destinations(self) -> list[Destination]:
        """Read all notification destinations."""
        url = self._calls.url("/notification-settings", per_page=_PER_PAGE)
        body, _ = await self._look(Call("GET /notification-settings", "GET", url, LOOKING_NEEDS))
        page = answers.read_bodies(body)
        return _read(page.entities, destinations.read_destinations, "list of destinations")

    async def undelivered(self, destination_id: str, since: datetime) -> int:
        """Count the notifications to a destination that failed or are to be tried again, up to 200."""
        url = self._calls.url(
            "/notifications",
            notification_setting_id=destination_id,
            status="failed,needs_retry",
            per_page=_PER_PAGE,
            **{"from": to_text(since)},
        )
        body, _ = await self._look(Call("GET /notifications", "GET", url, EVENTS_NEED))
        return len(answers.read_bodies(body).entities)

    async def carry_out(self, plan: Plan) -> Destination:
        """Make our destination, or change it, and return it."""
        method, path = ("PATCH", f"/{plan.ours.id}") if plan.ours else ("POST", "")
        url = self._calls.url(f"/notification-settings{path}")
        call = Call(f"{method} /notification-settings{path}", method, url, CONNECTING_NEEDS, plan.body())
        return _read(await self._calls.make(call, await _grant()), destinations.read_destination, "destination")

    async def _look(self, call: Call) -> tuple[bytes, datetime | None]:
        """Read, and once more if that fails, so that a moment's stall does not look like an outage."""
        try:
            return await self._calls.make_dated(call, await _grant())
        except TransientError as error:
            if error.retry_after is not None:
                raise
            return await self._calls.make_dated(call, await _grant())


@asynccontextmanager
async def open_setup(api_url: str, api_key: str, patience: timedelta = time_limits.PADDLE_CALL) -> AsyncIterator[Setup]:
    """Open a connection to Paddle for a moment."""
    async with ClientSession() as http:
        yield Setup(http, api_url=api_url, api_key=api_key, timeout=patience)


async def _grant() -> Grant:
    (grant,) = await Unlimited().ask(1, background=False)
    return grant


def _read(answer: Asked, read: Callable[[Asked], Found], what: str) -> Found:
    try:
        return read(answer)
    except ValidationError:
        raise TransientError(f"Paddle's answer is no {what}.") from None
