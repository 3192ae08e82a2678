"""One call to Paddle's API: made with a grant, bounded in time and size, its answer sorted by what to do next.

https://developer.paddle.com/api-reference/overview
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from aiohttp import (
    ClientConnectionError,
    ClientError,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientSession,
)
from yarl import URL

from dunning.errors import DunningError, GrantRefusedError, OperatorMustActError, PermanentError, TransientError
from dunning.paddle import answers
from dunning.paddle_api.grants import Grant, Limiter
from dunning.reasons import HoldWord

# The largest page is 200 subscriptions of about 10 KB each.
LARGEST_ANSWER_BYTES = 5 * 1024 * 1024

# Past the limit an address is shut out for a minute: https://developer.paddle.com/api-reference/about/rate-limiting
_PENALTY = timedelta(seconds=60)
_SHORTEST_HOLD = timedelta(seconds=1)
_LONGEST_HOLD = timedelta(hours=1)  # a nonsense number must not end all sending for good


class CallRefusedError(PermanentError):
    """Paddle refuses the call itself. `status` is HTTP's, `code` Paddle's own if it gave one."""

    def __init__(self, message: str, *, status: int, code: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class AnswerTooLargeError(TransientError):
    """The answer is larger than any should be. A smaller page may not be."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, and the permissions that the API key needs for it. `name` is safe to show."""

    name: str
    method: str
    url: URL = field(repr=False)
    permissions: tuple[str, ...]
    json: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Calls:
    """Makes calls. No error holds a link, a token, an address, a name or anything else of an answer but its codes."""

    def __init__(
        self,
        http: ClientSession,
        *,
        api_url: str,
        api_key: str,
        limiter: Limiter,
        timeout: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        """Use `http`, which stays the caller's to close. `timeout` bounds a call as a whole, its body included."""
        self._http = http
        self._api_url = URL(api_url)
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            # https://developer.paddle.com/api-reference/about/versioning
            "Paddle-Version": "1",
            "Accept": "application/json",
        }
        self._limiter = limiter
        self._timeout_seconds = timeout.total_seconds()
        self._clock = clock

    def url(self, path: str, **query: str) -> URL:
        """Return the address of a path of the API."""
        return self._api_url.joinpath(path.removeprefix("/")).with_query(query)

    def next_page(self, next_url: str) -> URL:
        """Check the address of the next page, since the API key is sent there."""
        try:
            url = URL(next_url)
            same = url.origin() == self._api_url.origin()
        except ValueError:
            same = False
        if not same:
            raise TransientError("Paddle's next page is not on the API's own host, so it was not asked for.")
        return url

    async def make(self, call: Call, grant: Grant) -> bytes:
        """Make the call and return its answer's body. Raises as `make_dated` does."""
        body, _ = await self.make_dated(call, grant)
        return body

    async def make_dated(self, call: Call, grant: Grant) -> tuple[bytes, datetime | None]:
        """Make the call and return its answer's body, and the time on Paddle's clock in whole seconds, if it was told.

        Raises:
            GrantRefusedError: the grant has lapsed; nothing was asked.
            TransientError: it may work later.
            OperatorMustActError: the API key is refused.
            CallRefusedError: Paddle refuses the call itself.
        """
        if not await self._limiter.begin(grant):
            raise GrantRefusedError(f"The API budget's grant for {call.name} has lapsed.")
        try:
            answer = await self._ask(call)
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                seconds = self._hold_seconds(answer.headers.get("Retry-After"))
                await self._limiter.hold(seconds)
                raise TransientError(f"Paddle answered {call.name} with 429, too many calls.", retry_after=seconds)
        finally:
            await self._limiter.end(grant)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer.body, _time_of(answer.headers.get("Date", ""))
        raise _refusal(call, answer)

    async def _ask(self, call: Call) -> _Answer:
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                self._http.request(
                    call.method,
                    call.url,
                    headers=self._headers,
                    json=call.json,
                    allow_redirects=False,
                    middlewares=(_send_once(),),
                ) as response,
            ):
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > LARGEST_ANSWER_BYTES:
                        raise AnswerTooLargeError(f"Paddle's answer to {call.name} is larger than any should be.")
                return _Answer(response.status, response.headers, bytes(body))
        except (ClientError, OSError) as error:  # a timeout is an OSError
            failure = type(error).__name__
        # Raised outside the except block, so that the error has no context: the repr of an aiohttp error may show the
        # request's headers, which hold the API key.
        raise TransientError(f"{call.name} got no answer from Paddle: {failure}.")

    def _hold_seconds(self, retry_after: str | None) -> float:
        wait = _retry_after(retry_after or "", self._clock()) or _PENALTY
        return min(max(wait, _SHORTEST_HOLD), _LONGEST_HOLD).total_seconds()


def _time_of(text: str) -> datetime | None:
    """Read a Date header: https://www.rfc-editor.org/rfc/rfc9110#name-date."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Read a Retry-After header, which is whole seconds or an HTTP date."""
    try:
        return timedelta(seconds=int(text)) if text.isdecimal() else parsedate_to_datetime(text).astimezone(UTC) - now
    except (ValueError, OverflowError):
        return None


def _send_once() -> ClientMiddlewareType:
    """Keep aiohttp from repeating a GET when its connection breaks: a grant is for one call, and Paddle counts both."""
    sent = False

    async def send(request: ClientRequest, send_now: ClientHandlerType) -> ClientResponse:
        nonlocal sent
        if sent:
            raise ClientConnectionError
        sent = True
        return await send_now(request)

    return send


def _refusal(call: Call, answer: _Answer) -> DunningError:
    """Sort an answer that is no success by what to do next. The status decides: one code has several error types."""
    error = answers.read_error(answer.body)
    said = f"Paddle answered {call.name} with {answer.status} {error.code or 'and no error code'}"
    if error.request_id:
        said += f" (request {error.request_id})"
    # Paddle refuses a bad key with 403, not 401: https://developer.paddle.com/errors/shared/authentication_missing
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        if error.code == "forbidden":
            needs = ", ".join(call.permissions)
            problem, hold = f"{said}: the API key needs the permissions {needs}.", HoldWord.PADDLE_PERMISSION
        else:
            problem = f"{said}: the API key is missing, wrong, revoked, or of Paddle's other environment."
            hold = HoldWord.PADDLE_KEY
        return OperatorMustActError(problem, hold=hold, about=" ".join(call.permissions))
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,  # somebody else changes the same entity just now
    }:
        return CallRefusedError(f"{said}.", status=answer.status, code=error.code)
    return TransientError(f"{said}.")
