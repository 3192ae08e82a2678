"""Paddle's side of a rehearsal: what it knows, what it does, and what it tells of it, as plain values in memory.

Events come in the order and at the intervals of Paddle's own recording of a failed renewal (sandbox, 2023-11-24, in the
official SDKs' `Events/_fixtures`), and otherwise as its simulator sends them:
https://developer.paddle.com/webhooks/simulator/subscription-renewed
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from cli.plan.simulate import entities
from cli.plan.simulate.entities import Bill, Customer, Subscription
from dunning.paddle.events import USED, CollectionAttempt, Event
from dunning.paddle.live import LiveAttempt, LiveCustomer, LiveSubscription, LiveTransaction
from dunning.rules.triggers import OWING

_MS = timedelta(milliseconds=1)
# Before and after the declined charge, as recorded.
_PERIOD_ADVANCED, _BILL_CREATED, _BILLED = -3771 * _MS, -2919 * _MS, -2826 * _MS
_BILL_UPDATED, _BILL_PAST_DUE = 12 * _MS, 38 * _MS
_SUBSCRIPTION_UPDATED, _SUBSCRIPTION_PAST_DUE = 1057 * _MS, 1058 * _MS
# A payment's `completed` follows when Paddle has done its accounting.
_PROCESSED = timedelta(seconds=17)


class Happening(NamedTuple):
    """One event of Paddle's. `event` is what Dunning would keep of it, or None if Dunning doesn't use it."""

    id: str
    at: datetime
    type: str
    event: Event | None


class Paddle:
    """A seller's account. Unknown ids raise KeyError; whatever happens is given to `tell`."""

    def __init__(self, tell: Callable[[Happening], None]) -> None:
        self.customers: dict[str, Customer] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.bills: dict[str, Bill] = {}
        self.happenings: list[Happening] = []
        """All that was told of, in the order of the ids. What follows from something stands there before its time."""
        self._tell = tell

    def debts(self, subscription_id: str) -> list[Bill]:
        """Return what is owed for a subscription, oldest first."""
        return [b for b in self.bills.values() if b.subscription_id == subscription_id and b.status in OWING]

    def decline(self, subscription_id: str, bill_id: str, code: str, at: datetime, *, settles: bool = True) -> None:
        """Decline a renewal. Without `settles` its bill stays `billed`, as it is for a moment in each renewal."""
        subscription = self.subscriptions[subscription_id]
        bill = self.bills[bill_id] = Bill(
            bill_id, subscription_id, at + _BILLED, subscription.price, customer_id=subscription.customer_id
        )
        self._say("subscription.updated", at + _PERIOD_ADVANCED, subscription)
        self._say("transaction.created", at + _BILL_CREATED, bill)
        self._say("transaction.billed", at + _BILLED, bill)
        self._charge(bill, code, at)
        self._say("transaction.payment_failed", at, bill)
        if settles:
            self.become_past_due(bill_id, at)

    def become_past_due(self, bill_id: str, at: datetime) -> None:
        """Make a declined bill past due, and its subscription."""
        bill = self.bills[bill_id]
        subscription = self.subscriptions[bill.subscription_id]
        was_past_due = subscription.status == "past_due"
        bill.status = subscription.status = "past_due"
        self._say("transaction.updated", at + _BILL_UPDATED, bill)
        self._say("transaction.past_due", at + _BILL_PAST_DUE, bill)
        self._say("subscription.updated", at + _SUBSCRIPTION_UPDATED, subscription)
        if not was_past_due:
            self._say("subscription.past_due", at + _SUBSCRIPTION_PAST_DUE, subscription)

    def retry(self, bill_id: str, code: str, at: datetime) -> None:
        """Charge a past-due bill once more, and fail."""
        bill = self.bills[bill_id]
        self._charge(bill, code, at)
        self._say("transaction.payment_failed", at, bill)
        self._say("transaction.updated", at + _MS, bill)

    def begin_payment(self, bill_id: str, status: str, at: datetime) -> None:
        """Let somebody pay a bill in a way that takes its time: the attempt stays in `status`."""
        bill = self.bills[bill_id]
        bill.attempts = (CollectionAttempt.model_construct(at=at, status=status, code=None), *bill.attempts)
        self._say("transaction.updated", at, bill)

    def end_payment(self, bill_id: str, code: str, at: datetime) -> None:
        """Let the newest attempt, which was under way, fail."""
        bill = self.bills[bill_id]
        newest, *older = bill.attempts
        bill.attempts = (CollectionAttempt.model_construct(at=newest.at, status="error", code=code), *older)
        self._say("transaction.payment_failed", at, bill)

    def pay(self, bill_id: str, at: datetime, *, new_method: bool) -> None:
        """Collect a bill, with the method that Paddle has or with a new one."""
        bill = self.bills[bill_id]
        subscription = self.subscriptions[bill.subscription_id]
        if new_method:
            self._say("payment_method.saved", at, None)
            self._say("payment_method.deleted", at + _MS, None)
        bill.attempts = (CollectionAttempt.model_construct(at=at, status="captured", code=None), *bill.attempts)
        bill.status, bill.balance = "paid", 0
        self._say("transaction.updated", at + 2 * _MS, bill)
        self._say("transaction.paid", at + 3 * _MS, bill)
        if subscription.status == "past_due" and not self.debts(subscription.id):
            subscription.status = "active"
            self._say("subscription.updated", at + 4 * _MS, subscription)
        bill.status = "completed"
        self._say("transaction.updated", at + _PROCESSED, bill)
        self._say("transaction.completed", at + _PROCESSED + _MS, bill)

    def end(self, subscription_id: str, status: str, at: datetime) -> None:
        """Cancel or pause a subscription, and cancel its debts."""
        subscription = self.subscriptions[subscription_id]
        for bill in self.debts(subscription_id):
            bill.status = "canceled"
            self._say("transaction.updated", at, bill)
            self._say("transaction.canceled", at + _MS, bill)
        subscription.status, subscription.scheduled_action = status, None
        self._say("subscription.updated", at + 2 * _MS, subscription)
        self._say(f"subscription.{status}", at + 3 * _MS, subscription)

    def resume(self, subscription_id: str, at: datetime) -> None:
        """Let a paused subscription go on."""
        self.subscriptions[subscription_id].status = "active"
        self._say("subscription.resumed", at, self.subscriptions[subscription_id])
        self._say("subscription.updated", at + _MS, self.subscriptions[subscription_id])

    def schedule(self, subscription_id: str, action: str | None, at: datetime) -> None:
        """Let a subscription do something by itself when its period ends."""
        self.subscriptions[subscription_id].scheduled_action = action
        self._say("subscription.updated", at, self.subscriptions[subscription_id])

    def transfer(self, subscription_id: str, customer_id: str, at: datetime) -> None:
        """Give a subscription to another customer. Its bills stay with the earlier one."""
        self.subscriptions[subscription_id].customer_id = customer_id
        self._say("subscription.updated", at, self.subscriptions[subscription_id])

    def collect_by_invoice(self, subscription_id: str, at: datetime) -> None:
        """Turn collection from automatic to manual."""
        self.subscriptions[subscription_id].collection_mode = "manual"
        self._say("subscription.updated", at, self.subscriptions[subscription_id])

    def archive(self, customer_id: str, at: datetime) -> None:
        """Archive a customer."""
        self.customers[customer_id].status = "archived"
        self._say("customer.updated", at, None)

    def charge_back(self, subscription_id: str, disputed_bill_id: str, at: datetime) -> None:
        """Let the customer's bank take back what was paid for an earlier period."""
        subscription = self.subscriptions[subscription_id]
        facts = entities.charge_back(f"adj_{len(self.happenings):026d}", disputed_bill_id, subscription)
        self._record("adjustment.created", at, facts)

    def read_transaction(self, bill_id: str) -> LiveTransaction | None:
        """Answer as the API does."""
        bill = self.bills.get(bill_id)
        if bill is None:
            return None
        subscription = self.subscriptions[bill.subscription_id]
        customer = self.customers[bill.customer_id or subscription.customer_id]
        return LiveTransaction(
            id=bill.id,
            status=bill.status,
            subscription_id=subscription.id,
            collection_mode=bill.collection_mode,
            balance=bill.balance,
            currency_code=subscription.currency,
            product_names=(subscription.product,),
            product_ids=(subscription.product_id,),
            price_ids=(subscription.price_id,),
            attempts=tuple(
                LiveAttempt(
                    one.at,
                    one.status,
                    one.code,
                    "card" if subscription.card_last4 else "paypal",
                    subscription.card_last4,
                )
                for one in bill.attempts
            ),
            customer=LiveCustomer(
                customer.id, customer.status, customer.email, customer.name, customer.locale, customer.country
            ),
        )

    def read_subscription(self, subscription_id: str) -> LiveSubscription | None:
        """Answer as the API does."""
        found = self.subscriptions.get(subscription_id)
        if found is None:
            return None
        return LiveSubscription(
            found.id, found.customer_id, found.status, found.collection_mode, found.scheduled_action
        )

    def _charge(self, bill: Bill, code: str, at: datetime) -> None:
        attempt = CollectionAttempt.model_construct(at=at, status="error", code=code)
        bill.attempts = (attempt, *bill.attempts)  # newest first, as Paddle sorts them

    def _say(self, event_type: str, at: datetime, entity: Bill | Subscription | None) -> None:
        if event_type not in USED or entity is None:
            self._record(event_type, at, None)
        elif isinstance(entity, Bill):
            self._record(event_type, at, entities.transaction(entity, self.subscriptions[entity.subscription_id]))
        else:
            self._record(event_type, at, entities.subscription(entity))

    def _record(self, event_type: str, at: datetime, facts: entities.Facts | None) -> None:
        event_id = f"evt_{len(self.happenings) + 1:026d}"
        event = None if facts is None else entities.event(event_id, event_type, at, facts)
        happening = Happening(event_id, at, event_type, event)
        self.happenings.append(happening)
        self._tell(happening)
