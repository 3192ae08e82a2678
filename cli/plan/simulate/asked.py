"""Paddle as the worker asks it: a rehearsal's account, behind the calls that the worker makes with its grants."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Protocol

from cli.plan.simulate import bodies
from cli.plan.simulate.paddle import Happening, Paddle
from dunning.errors import GrantRefusedError
from dunning.instants import EPOCH
from dunning.paddle.events import USED
from dunning.paddle.history import HistoryEntry
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle.portal import SANDBOX_PORTAL, PortalLinks, PortalSession
from dunning.paddle_api.client import NextGrant
from dunning.paddle_api.grants import Grant, Limiter


class Trouble(Protocol):
    """What may go wrong with a call."""

    def __call__(self) -> None:
        """Raise what the call runs into, if it does."""
        ...


def no_trouble() -> None:
    """Let every call through."""


class AskedPaddle:
    """Answers the worker's questions from an account, each against a grant, as `PaddleClient` does.

    Every list is one page, and a call that fails is not repeated.
    """

    def __init__(
        self, account: Paddle, limiter: Limiter, clock: Callable[[], datetime], trouble: Trouble = no_trouble
    ) -> None:
        self._account = account
        self._limiter = limiter
        self._clock = clock
        self._trouble = trouble

    async def read_transactions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveTransaction]:
        """Read transactions with their customers. What Paddle doesn't know is left out."""
        await self._pay_with(grant)
        found = {bill_id: self._account.read_transaction(bill_id) for bill_id in ids}
        return {bill_id: bill for bill_id, bill in found.items() if bill is not None}

    async def read_subscriptions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveSubscription]:
        """Read subscriptions. What Paddle doesn't know is left out."""
        await self._pay_with(grant)
        found = {subscription_id: self._account.read_subscription(subscription_id) for subscription_id in ids}
        return {subscription_id: one for subscription_id, one in found.items() if one is not None}

    async def create_portal_session(
        self, customer_id: str, subscription_ids: Sequence[str], grant: Grant
    ) -> PortalSession:
        """Make a session whose links lead nowhere."""
        await self._pay_with(grant)
        portal = f"{SANDBOX_PORTAL}/cpl_rehearsal?token=pga_rehearsal"
        return PortalSession(
            id="cpls_rehearsal",
            customer_id=customer_id,
            created_at=EPOCH,
            overview=portal,
            subscriptions=tuple(
                PortalLinks(
                    subscription_id=one,
                    update_payment_method=f"{portal}&action=update_subscription_payment_method&subscription_id={one}",
                    cancel=portal,
                    view=None,
                )
                for one in subscription_ids
            ),
        )

    async def reread_transactions(self, ids: Sequence[str], next_grant: NextGrant) -> dict[str, LiveTransaction]:
        """Read transactions, for background work."""
        return await self.read_transactions(ids, await next_grant())

    async def changed_methods(
        self, subscription_id: str, since: datetime, next_grant: NextGrant
    ) -> Sequence[HistoryEntry]:
        """Read how the payment method was changed: a rehearsal records nothing of it."""
        del subscription_id, since
        await self._pay_with(await next_grant())
        return ()

    async def past_due_subscriptions(self, next_grant: NextGrant) -> AsyncIterator[Sequence[LiveSubscription]]:
        """Read all subscriptions that are collected automatically and past due."""
        await self._pay_with(await next_grant())
        everyone = [self._account.read_subscription(subscription_id) for subscription_id in self._account.subscriptions]
        yield [one for one in everyone if one and (one.status, one.collection_mode) == ("past_due", "automatic")]

    async def past_due_renewals(
        self, subscription_ids: Sequence[str], next_grant: NextGrant
    ) -> AsyncIterator[Sequence[bytes]]:
        """Read the unpaid renewals of subscriptions."""
        await self._pay_with(await next_grant())
        account = self._account
        yield [
            bodies.transaction(bill, account.subscriptions[bill.subscription_id])
            for bill in account.bills.values()
            if bill.subscription_id in subscription_ids
            and (bill.status, bill.collection_mode) == ("past_due", "automatic")
        ]

    async def events_after(self, event_id: str, next_grant: NextGrant) -> AsyncIterator[Sequence[bytes]]:
        """Read the events of the types we use that came after this one, oldest first."""
        await self._pay_with(await next_grant())
        yield [bodies.event(one) for one in self._happened() if one.id > event_id and one.type in USED]

    async def newest_event(self, next_grant: NextGrant) -> bytes | None:
        """Read the newest event of any type; None if the account has none yet."""
        await self._pay_with(await next_grant())
        newest = max(self._happened(), key=lambda one: one.id, default=None)
        return None if newest is None else bodies.event(newest)

    def _happened(self) -> list[Happening]:
        now = self._clock()
        return [one for one in self._account.happenings if one.at <= now]

    async def _pay_with(self, grant: Grant) -> None:
        if not await self._limiter.begin(grant):
            raise GrantRefusedError("the grant has lapsed")
        try:
            self._trouble()
        finally:
            await self._limiter.end(grant)
