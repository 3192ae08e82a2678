"""The questions to Paddle's API: few, each made with a grant, each of at most 10 s.

Those that take a `NextGrant` belong to background work: they are asked again after a transient failure.

https://developer.paddle.com/api-reference/overview
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from aiohttp import ClientSession
from yarl import URL

from dunning import time_limits
from dunning.errors import GrantRefusedError, PermanentError, TransientError
from dunning.instants import to_text
from dunning.jobs import BATCH
from dunning.paddle import answers
from dunning.paddle.events import USED
from dunning.paddle.history import METHOD_CHANGES, HistoryEntry, read_history
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle.portal import PortalSession
from dunning.paddle_api import permissions
from dunning.paddle_api.calls import LARGEST_ANSWER_BYTES, AnswerTooLargeError, Call, CallRefusedError, Calls
from dunning.paddle_api.grants import Grant, Limiter

__all__ = ["CALL_TIMEOUT", "LARGEST_ANSWER_BYTES", "SUBSCRIPTIONS_PER_SESSION", "CallRefusedError", "PaddleClient"]

log = structlog.get_logger()

# A customer waits on a click no longer than this, and the jobs' timeouts count on it.
CALL_TIMEOUT = time_limits.PADDLE_CALL

# https://developer.paddle.com/build/customers/integrate-customer-portal
SUBSCRIPTIONS_PER_SESSION = 25

_PER_PAGE = 200  # the most: https://developer.paddle.com/api-reference/about/pagination
# How long background work waits before it asks again.
_PAUSES = (timedelta(seconds=1), timedelta(seconds=4), timedelta(seconds=16))
# A page that was too large is asked for again in parts of this size.
_PER_SMALL_PAGE = 20

_CUSTOMER_ID = re.compile(r"ctm_[a-z\d]{26}")

NextGrant = Callable[[], Awaitable[Grant]]
"""Gives a grant for one more page: waits for it, or raises `GrantRefusedError`."""

Entity = TypeVar("Entity")


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
        pauses: Sequence[timedelta] = _PAUSES,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Use `http`, which stays the caller's to close. `timeout` bounds a call as a whole, its body included."""
        self._limiter = limiter
        self._pauses = pauses
        self._calls = Calls(http, api_url=api_url, api_key=api_key, limiter=limiter, timeout=timeout, clock=clock)

    async def read_transactions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveTransaction]:
        """Read up to 30 transactions with their customers. Those that are unknown or malformed are left out."""
        return _transactions(await self._calls.make(self._by_id(ids), grant))

    async def reread_transactions(self, ids: Sequence[str], next_grant: NextGrant) -> dict[str, LiveTransaction]:
        """Read up to 30 transactions as `read_transactions` does, for background work."""
        return _transactions(await self._patiently(self._by_id(ids), next_grant))

    async def read_subscriptions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveSubscription]:
        """Read up to 200 subscriptions. Those that are unknown or malformed are left out."""
        together = _batch(ids, at_most=_PER_PAGE)
        call = _list_subscriptions(self._calls.url("/subscriptions", id=together, per_page=str(_PER_PAGE)))
        page = answers.read_subscriptions(await self._calls.make(call, grant))
        _report(page.malformed)
        return {subscription.id: subscription for subscription in page.entities}

    async def customer_subscriptions(self, customer_id: str) -> AsyncIterator[LiveSubscription]:
        """Read all of a customer's subscriptions, page by page. Asks for a grant for each page."""
        _check_customer_id(customer_id)
        call = _list_subscriptions(self._calls.url("/subscriptions", customer_id=customer_id, per_page=str(_PER_PAGE)))
        async for page in self._pages(call, answers.read_subscriptions, self._at_once):
            for subscription in page:
                yield subscription

    async def customers_of(self, email: str, grant: Grant) -> Sequence[str]:
        """Return the ids of the customers who have this address, archived ones too. Nothing else of them is read.

        Paddle compares addresses exactly, so it is also asked for in small letters. No comma may be in it: that is what
        parts several. https://developer.paddle.com/api-reference/customers/list-customers
        """
        spellings = dict.fromkeys((email, email.lower()))
        url = self._calls.url("/customers", email=",".join(spellings), status="active,archived")
        call = Call("GET /customers", "GET", url, permissions.CUSTOMERS_NEED)
        return answers.read_ids(await self._calls.make(call, grant)).entities

    def past_due_subscriptions(self, next_grant: NextGrant) -> AsyncIterator[Sequence[LiveSubscription]]:
        """Read all subscriptions that are collected automatically and past due, page by page."""
        url = self._calls.url("/subscriptions", status="past_due", collection_mode="automatic", per_page=str(_PER_PAGE))
        return self._pages(_list_subscriptions(url), answers.read_subscriptions, self._with(next_grant))

    def past_due_renewals(
        self, subscription_ids: Sequence[str], next_grant: NextGrant
    ) -> AsyncIterator[Sequence[bytes]]:
        """Read the unpaid renewals of up to 30 subscriptions, page by page, each as the JSON of its transaction."""
        url = self._calls.url(
            "/transactions",
            subscription_id=_batch(subscription_ids),
            status="past_due",
            origin="subscription_recurring",
            collection_mode="automatic",
            per_page=str(BATCH),  # the most, for transactions
        )
        call = Call("GET /transactions", "GET", url, permissions.RENEWALS_NEED)
        return self._pages(call, answers.read_bodies, self._with(next_grant))

    async def changed_methods(
        self, subscription_id: str, since: datetime, next_grant: NextGrant
    ) -> Sequence[HistoryEntry]:
        """Read how the payment method of a subscription was changed since, the latest 200 changes. In any order.

        https://developer.paddle.com/api-reference/subscription-history/list-subscription-history
        """
        query = {"action": ",".join(sorted(METHOD_CHANGES)), "occurred_at[GTE]": to_text(since)}
        url = self._calls.url(f"/subscriptions/{subscription_id}/history", **query, per_page=str(_PER_PAGE))
        call = Call("GET /subscriptions/{id}/history", "GET", url, permissions.HISTORY_NEEDS)
        return read_history(answers.read_bodies(await self._patiently(call, next_grant)).entities)

    def events_after(self, event_id: str, next_grant: NextGrant) -> AsyncIterator[Sequence[bytes]]:
        """Read all events of the types we use that came after this one, oldest first, page by page, each as its JSON.

        Paddle keeps events for 90 days and refuses an older `event_id` with 404:
        https://developer.paddle.com/changelog/2024/event-notification-retention-changes
        """
        url = self._calls.url(
            "/events", after=event_id, event_type=",".join(sorted(USED)), order_by="id[ASC]", per_page=str(_PER_PAGE)
        )
        return self._pages(_list_events(url), answers.read_bodies, self._with(next_grant))

    def newest_events(self, next_grant: NextGrant) -> AsyncIterator[Sequence[bytes]]:
        """Read the events of the types we use, the newest first, page by page, each as its JSON.

        Paddle keeps them for 90 days. It takes no time to begin at.
        """
        url = self._calls.url(
            "/events", event_type=",".join(sorted(USED)), order_by="id[DESC]", per_page=str(_PER_PAGE)
        )
        return self._pages(_list_events(url), answers.read_bodies, self._with(next_grant))

    async def newest_event(self, next_grant: NextGrant) -> bytes | None:
        """Read the newest event of any type, as its JSON; None if the account has none yet."""
        url = self._calls.url("/events", order_by="id[DESC]", per_page="1")
        page = answers.read_bodies(await self._patiently(_list_events(url), next_grant))
        return page.entities[0] if page.entities else None

    async def create_portal_session(
        self, customer_id: str, subscription_ids: Sequence[str], grant: Grant
    ) -> PortalSession:
        """Make a portal session with links for up to 25 of the customer's subscriptions.

        Harmless to repeat: a session expires, so it need not be removed.
        """
        _check_customer_id(customer_id)
        if len(subscription_ids) > SUBSCRIPTIONS_PER_SESSION:
            raise ValueError(f"A portal session takes at most {SUBSCRIPTIONS_PER_SESSION} subscriptions.")
        call = Call(
            f"POST /customers/{customer_id}/portal-sessions",
            "POST",
            self._calls.url(f"/customers/{customer_id}/portal-sessions"),
            permissions.MINTING_NEEDS,
            {"subscription_ids": list(subscription_ids)} if subscription_ids else {},
        )
        return answers.read_portal_session(await self._calls.make(call, grant))

    async def read_account_id(self, grant: Grant) -> str | None:
        """Read which account the API key is of; None if the answer doesn't say. The key needs no permission for it."""
        body = await self._calls.make(Call("GET /", "GET", self._calls.url("/"), ()), grant)
        return answers.read_caller(body).account_id

    async def try_access(self, needed: Collection[str], next_grant: NextGrant) -> Collection[str]:
        """Make one small call that needs these permissions, and return all permissions that it shows the key to have.

        Return none if no small call can show them.
        """
        first = {"per_page": "1"}
        transactions = self._calls.url("/transactions", include="customer,address", **first)
        calls = [
            Call("GET /transactions", "GET", transactions, permissions.TRANSACTIONS_NEED),
            _list_subscriptions(self._calls.url("/subscriptions", **first)),
            _list_events(self._calls.url("/events", **first)),
        ]
        call = next((call for call in calls if set(needed) <= set(call.permissions)), None)
        if call is None:
            return ()
        await self._calls.make(call, await next_grant())
        return call.permissions

    def _by_id(self, ids: Sequence[str]) -> Call:
        url = self._calls.url("/transactions", id=_batch(ids), include="customer,address", per_page=str(BATCH))
        return Call("GET /transactions", "GET", url, permissions.TRANSACTIONS_NEED)

    async def _pages(
        self,
        call: Call,
        read: Callable[[bytes], answers.ListPage[Entity]],
        ask: Callable[[Call], Awaitable[bytes]],
    ) -> AsyncIterator[Sequence[Entity]]:
        """Read a list to its end. A page that is too large is asked for again in smaller parts."""
        asked: set[URL] = set()
        while True:
            if call.url in asked:
                raise TransientError(f"Paddle's pages of {call.name} lead back to one that was already read.")
            asked.add(call.url)
            try:
                page = read(await ask(call))
            except AnswerTooLargeError:
                call = replace(call, url=call.url.update_query(per_page=str(_PER_SMALL_PAGE)))
                if call.url in asked:
                    raise
                continue
            _report(page.malformed)
            yield page.entities
            if page.next_url is None:
                return
            call = replace(call, url=self._calls.next_page(page.next_url))

    async def _at_once(self, call: Call) -> bytes:
        grants = await self._limiter.ask(1, background=False)
        if grants is None:
            raise GrantRefusedError("The API budget has no room for another page of subscriptions now.")
        return await self._calls.make(call, grants[0])

    def _with(self, next_grant: NextGrant) -> Callable[[Call], Awaitable[bytes]]:
        return lambda call: self._patiently(call, next_grant)

    async def _patiently(self, call: Call, next_grant: NextGrant) -> bytes:
        """Make a call, and repeat it after each pause if its failure is transient. Each time takes another grant."""
        for pause in self._pauses:
            try:
                return await self._calls.make(call, await next_grant())
            except AnswerTooLargeError:
                raise
            except TransientError as error:
                log.info("paddle.call.again", call=call.name, problem=str(error))
            await asyncio.sleep(pause.total_seconds())
        return await self._calls.make(call, await next_grant())


def _transactions(body: bytes) -> dict[str, LiveTransaction]:
    page = answers.read_transactions(body)
    _report(page.malformed)
    return {transaction.id: transaction for transaction in page.entities}


def _list_subscriptions(url: URL) -> Call:
    return Call("GET /subscriptions", "GET", url, permissions.SUBSCRIPTIONS_NEED)


def _list_events(url: URL) -> Call:
    return Call("GET /events", "GET", url, permissions.EVENTS_NEED)


def _check_customer_id(customer_id: str) -> None:
    """Refuse anything but a customer's id, to keep it out of the path. The error doesn't quote it."""
    if not _CUSTOMER_ID.fullmatch(customer_id):
        raise PermanentError("That is no customer's id: it should be ctm_ and 26 small letters and digits.")


def _batch(ids: Sequence[str], *, at_most: int = BATCH) -> str:
    """Join ids for a query. Without any, Paddle would list everything there is."""
    if not 0 < len(ids) <= at_most:
        raise ValueError(f"One call reads 1 to {at_most} entities, not {len(ids)}.")
    return ",".join(ids)


def _report(malformed: Iterable[answers.Malformed]) -> None:
    for entity in malformed:
        log.warning("paddle.answer.malformed", id=entity.id, problem=entity.problem)
