"""The calls to Paddle's API: few, each made with a grant, each of at most 10 s.

https://developer.paddle.com/api-reference/overview
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import structlog
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

from dunning import paddle_answers as answers
from dunning.errors import DunningError, GrantRefusedError, OperatorMustActError, PermanentError, TransientError
from dunning.grants import Grant, Limiter
from dunning.jobs import BATCH
from dunning.live import LiveSubscription, LiveTransaction
from dunning.portal import PortalSession

log = structlog.get_logger()

# A customer waits on a click no longer than this, and the jobs' timeouts count on it.
CALL_TIMEOUT = timedelta(seconds=10)

# The largest page is 200 subscriptions of about 10 KB each.
LARGEST_ANSWER_BYTES = 5 * 1024 * 1024

# https://developer.paddle.com/build/customers/integrate-customer-portal
SUBSCRIPTIONS_PER_SESSION = 25

_SUBSCRIPTIONS_PER_PAGE = 200  # the most: https://developer.paddle.com/api-reference/about/pagination

# Past the limit an address is shut out for a minute: https://developer.paddle.com/api-reference/about/rate-limiting
_PENALTY = timedelta(seconds=60)
_SHORTEST_HOLD = timedelta(seconds=1)
_LONGEST_HOLD = timedelta(hours=1)  # a nonsense number must not end all sending for good

_CUSTOMER_ID = re.compile(r"ctm_[a-z\d]{26}")


class CallRefusedError(PermanentError):
    """Paddle refuses the call itself. `status` is HTTP's, `code` Paddle's own where it gave one."""

    def __init__(self, message: str, *, status: int, code: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class _Call:
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


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PaddleClient:
    """Asks Paddle.

    Every call raises `GrantRefusedError` when its grant has lapsed, `TransientError` when it may work later,
    `OperatorMustActError` when the API key is refused, and `CallRefusedError` when Paddle refuses the call itself.
    No error and no log line holds a link, a token, an address, a name or anything else of an answer but its codes.
    """

    def __init__(
        self,
        http: ClientSession,
        *,
        api_url: str,
        api_key: str,
        limiter: Limiter,
        timeout: timedelta = CALL_TIMEOUT,
        clock: Callable[[], datetime] = _utc_now,
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

    async def read_transactions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveTransaction]:
        """Read up to 30 transactions with their customers. What Paddle doesn't know, or says badly, is left out."""
        url = self._url("/transactions", id=_batch(ids), include="customer,address", per_page=str(BATCH))
        permissions = ("transaction.read", "customer.read", "address.read")
        body = await self._call(_Call("GET /transactions", "GET", url, permissions), grant)
        page = answers.read_transactions(body)
        _report(page.malformed)
        return {transaction.id: transaction for transaction in page.entities}

    async def read_subscriptions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveSubscription]:
        """Read up to 30 subscriptions. What Paddle doesn't know, or says badly, is left out."""
        url = self._url("/subscriptions", id=_batch(ids))
        page = await self._subscriptions_page(url, grant)
        return {subscription.id: subscription for subscription in page.entities}

    async def customer_subscriptions(self, customer_id: str) -> AsyncIterator[LiveSubscription]:
        """Read all of a customer's subscriptions, page by page. Asks for a grant for each page."""
        _check_customer_id(customer_id)
        url = self._url("/subscriptions", customer_id=customer_id, per_page=str(_SUBSCRIPTIONS_PER_PAGE))
        seen = {url}
        while True:
            grants = await self._limiter.ask(1, background=False)
            if grants is None:
                raise GrantRefusedError("The API budget has no room for another page of subscriptions now.")
            page = await self._subscriptions_page(url, grants[0])
            for subscription in page.entities:
                yield subscription
            if page.next_url is None:
                return
            url = self._next_page(page.next_url)
            if url in seen:
                raise TransientError("Paddle's pages of subscriptions lead back to one that was already read.")
            seen.add(url)

    async def create_portal_session(
        self, customer_id: str, subscription_ids: Sequence[str], grant: Grant
    ) -> PortalSession:
        """Make a portal session with links for up to 25 of the customer's subscriptions.

        Harmless to repeat: a session needs no clearing away, it expires.
        """
        _check_customer_id(customer_id)
        if len(subscription_ids) > SUBSCRIPTIONS_PER_SESSION:
            raise ValueError(f"A portal session takes at most {SUBSCRIPTIONS_PER_SESSION} subscriptions.")
        call = _Call(
            f"POST /customers/{customer_id}/portal-sessions",
            "POST",
            self._url(f"/customers/{customer_id}/portal-sessions"),
            ("customer_portal_session.write",),
            {"subscription_ids": list(subscription_ids)} if subscription_ids else {},
        )
        return answers.read_portal_session(await self._call(call, grant))

    async def _subscriptions_page(self, url: URL, grant: Grant) -> answers.Page[LiveSubscription]:
        body = await self._call(_Call("GET /subscriptions", "GET", url, ("subscription.read",)), grant)
        page = answers.read_subscriptions(body)
        _report(page.malformed)
        return page

    def _url(self, path: str, **query: str) -> URL:
        return self._api_url.joinpath(path.removeprefix("/")).with_query(query)

    def _next_page(self, next_url: str) -> URL:
        """Check where Paddle sends us on to: the API key goes along."""
        try:
            url = URL(next_url)
            same = url.origin() == self._api_url.origin()
        except ValueError:
            same = False
        if not same:
            raise TransientError("Paddle's next page is not on the API's own host, so it was not asked for.")
        return url

    async def _call(self, call: _Call, grant: Grant) -> bytes:
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
            return answer.body
        raise _refusal(call, answer)

    async def _ask(self, call: _Call) -> _Answer:
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
                        raise TransientError(f"Paddle's answer to {call.name} is larger than any should be.")
                return _Answer(response.status, response.headers, bytes(body))
        except (ClientError, OSError) as error:  # a timeout is an OSError
            failure = type(error).__name__
        # Raised out here to carry no context: an aiohttp error's repr may show the request's headers, key and all.
        raise TransientError(f"{call.name} got no answer from Paddle: {failure}.")

    def _hold_seconds(self, retry_after: str | None) -> float:
        wait = _retry_after(retry_after or "", self._clock()) or _PENALTY
        return min(max(wait, _SHORTEST_HOLD), _LONGEST_HOLD).total_seconds()


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Read a Retry-After header, which is whole seconds or an HTTP date."""
    try:
        return timedelta(seconds=int(text)) if text.isdecimal() else parsedate_to_datetime(text).astimezone(UTC) - now
    except (ValueError, OverflowError):
        return None


def _send_once() -> ClientMiddlewareType:
    """Keep aiohttp from sending a GET again when its connection breaks: a grant is for one call, and Paddle counts."""
    sent = False

    async def send(request: ClientRequest, send_now: ClientHandlerType) -> ClientResponse:
        nonlocal sent
        if sent:
            raise ClientConnectionError
        sent = True
        return await send_now(request)

    return send


def _check_customer_id(customer_id: str) -> None:
    """Keep whatever else it may be out of the path, and out of the error."""
    if not _CUSTOMER_ID.fullmatch(customer_id):
        raise PermanentError("That is no customer's id: it should be ctm_ and 26 small letters and digits.")


def _batch(ids: Sequence[str]) -> str:
    """Join ids for a query. Without any, Paddle would list everything there is."""
    if not 0 < len(ids) <= BATCH:
        raise ValueError(f"One call reads 1 to {BATCH} entities, not {len(ids)}.")
    return ",".join(ids)


def _report(malformed: Iterable[answers.Malformed]) -> None:
    for entity in malformed:
        log.warning("paddle.answer.malformed", id=entity.id, problem=entity.problem)


def _refusal(call: _Call, answer: _Answer) -> DunningError:
    """Sort an answer that is no success by what to do next. Decided by status: error types vary for one code."""
    error = answers.read_error(answer.body)
    said = f"Paddle answered {call.name} with {answer.status} {error.code or 'and no error code'}"
    if error.request_id:
        said += f" (request {error.request_id})"
    # Paddle refuses a bad key with 403, not 401: https://developer.paddle.com/errors/shared/authentication_missing
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        if error.code == "forbidden":
            needs = ", ".join(call.permissions)
            return OperatorMustActError(f"{said}: the API key needs the permissions {needs}.", hold="paddle_permission")
        return OperatorMustActError(
            f"{said}: the API key is missing, wrong, revoked, or of Paddle's other environment.", hold="paddle_key"
        )
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,  # somebody else changes the same entity just now
    }:
        return CallRefusedError(f"{said}.", status=answer.status, code=error.code)
    return TransientError(f"{said}.")
