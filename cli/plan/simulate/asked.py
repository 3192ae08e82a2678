"""Paddle as the worker asks it: a rehearsal's account, behind the calls that the worker makes with its grants."""

from collections.abc import Sequence
from typing import Protocol

from cli.plan.simulate.paddle import Paddle
from dunning.errors import GrantRefusedError
from dunning.instants import EPOCH
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle.portal import SANDBOX_PORTAL, PortalLinks, PortalSession
from dunning.paddle_api.grants import Grant, Limiter


class Trouble(Protocol):
    """What may go wrong with a call."""

    def __call__(self) -> None:
        """Raise what the call runs into, if it does."""
        ...


def no_trouble() -> None:
    """Let every call through."""


class AskedPaddle:
    """Answers the worker's questions from an account, each against a grant, as `PaddleClient` does."""

    def __init__(self, account: Paddle, limiter: Limiter, trouble: Trouble = no_trouble) -> None:
        self._account = account
        self._limiter = limiter
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

    async def _pay_with(self, grant: Grant) -> None:
        if not await self._limiter.begin(grant):
            raise GrantRefusedError("the grant has lapsed")
        try:
            self._trouble()
        finally:
            await self._limiter.end(grant)
