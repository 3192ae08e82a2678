"""What the twin knows: a seller's customers, their subscriptions and bills, and what happens to them.

Things happen in the order that Paddle's own recordings show, each told as an event with the state it left behind:
https://developer.paddle.com/build/lifecycle/subscription-renewal-dunning
"""

import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from paddle_twin import bodies
from paddle_twin.bodies import Json
from paddle_twin.history import History

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's, as in the ULIDs that Paddle's ids are made of

# When each thing happened before the failed attempt, in a renewal that Paddle recorded.
_PERIOD_ADVANCED = timedelta(seconds=-3.8)
_BILL_CREATED = timedelta(seconds=-2.9)
_BILLED = timedelta(seconds=-2.8)
_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `data` is the entity as it was then, as JSON."""

    id: str
    type: str
    occurred_at: datetime
    data: str


class World:
    """The seller's account. Unknown ids raise KeyError; whatever happens is told to `tell`."""

    def __init__(self, *, seller: str, clock: Callable[[], datetime], tell: Callable[[Event], None]) -> None:
        """Begin without customers."""
        self.seller = seller
        self.clock = clock
        self.customers: dict[str, Json] = {}
        self.addresses: dict[str, Json] = {}
        self.subscriptions: dict[str, Json] = {}
        self.transactions: dict[str, Json] = {}
        self.history = History(self.new_id)
        self._cards: dict[str, Json] = {}
        self._methods: dict[str, str] = {}
        self._serial = itertools.count()
        self._last_told_at: dict[str, datetime] = {}
        self._tell = tell
        self.portal_id = self.new_id("cpl")

    def new_id(self, prefix: str) -> str:
        """Make an id that sorts after all made before."""
        number = (int(self.clock().timestamp() * 1000) << 30) + next(self._serial) % (1 << 30)
        made = "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
        return f"{prefix}_{made}" + "".join(secrets.choice(_ALPHABET) for _ in range(10))

    def add_customer(
        self, *, name: str | None, email: str, locale: str = "en", country: str = "US", status: str = "active"
    ) -> str:
        """Add a customer, and give their id."""
        now = self.clock()
        customer_id, address_id = self.new_id("ctm"), self.new_id("add")
        self.customers[customer_id] = bodies.customer(
            customer_id, name=name, email=email, locale=locale, status=status, at=now
        )
        self.addresses[address_id] = bodies.address(address_id, customer_id, country=country, at=now)
        return customer_id

    def update_customer(self, customer_id: str, **changes: str | None) -> None:
        """Change any field of a customer."""
        self.customers[customer_id] |= changes
        self._record("customer.updated", self.customers[customer_id], self.clock())

    def add_subscription(
        self,
        customer_id: str,
        *,
        product: str = "Lantern Pro",
        price: int = 2400,
        currency: str = "USD",
        interval: str = "month",
        collection_mode: str = "automatic",
        status: str = "active",
        card_last4: str | None = "4242",
    ) -> str:
        """Add a subscription, and give its id. `price` is in minor units; without a card it pays by PayPal."""
        now = self.clock()
        owner = self.customers[customer_id]
        address_id = next(found["id"] for found in self.addresses.values() if found["customer_id"] == customer_id)
        subscription_id, product_id = self.new_id("sub"), self.new_id("pro")
        self.subscriptions[subscription_id] = bodies.subscription(
            subscription_id,
            customer_id=customer_id,
            address_id=address_id,
            item_product=bodies.product(product_id, product, at=now),
            item_price=bodies.price(
                self.new_id("pri"), product_id, amount=price, currency=currency, interval=interval, at=now
            ),
            collection_mode=collection_mode,
            status=status,
            started_at=now - bodies.INTERVALS[interval],
        )
        if card_last4 is not None:
            self._cards[subscription_id] = bodies.card(card_last4, name=owner["name"], expires=now.year + 1)
        self._methods[subscription_id] = self.new_id("paymtd")
        return subscription_id

    def decline(
        self, subscription_id: str, code: str = "declined", *, at: datetime | None = None, settles: bool = True
    ) -> str:
        """Decline a renewal at `at`, and give the bill's id.

        Without `settles` the bill stays `billed`, as it is for a moment before Paddle makes it `past_due`.
        """
        at = at or self.clock()
        subscription = self.subscriptions[subscription_id]
        self._advance_period(subscription, at)
        self._record("subscription.updated", subscription, at + _PERIOD_ADVANCED)
        transaction = bodies.transaction(
            self.new_id("txn"),
            subscription,
            item_id=self.new_id("txnitm"),
            checkout_url="https://lantern.example/pay",
            billed_at=at + _BILL_CREATED,
        )
        self.transactions[transaction["id"]] = transaction
        self._record("transaction.created", transaction, at + _BILL_CREATED)
        self._record("transaction.billed", transaction, at + _BILLED)
        self._attempt(transaction, code, at)
        self._record("transaction.payment_failed", transaction, at)
        if settles:
            self.become_past_due(transaction["id"], at=at)
        return str(transaction["id"])

    def become_past_due(self, transaction_id: str, *, at: datetime | None = None) -> None:
        """Make a declined bill, and its subscription, `past_due`."""
        at = at or self.clock()
        transaction = self.transactions[transaction_id]
        subscription = self.subscriptions[transaction["subscription_id"]]
        was_past_due = subscription["status"] == "past_due"
        transaction["status"] = subscription["status"] = "past_due"
        self._record("transaction.updated", transaction, at)
        self._record("transaction.past_due", transaction, at)
        self._record("subscription.updated", subscription, at)
        if not was_past_due:
            self._record("subscription.past_due", subscription, at)
            self.history.note(
                subscription, "subscription_past_due", at, status="past_due", transaction_id=transaction_id
            )

    def retry(self, transaction_id: str, code: str = "declined", *, at: datetime | None = None) -> None:
        """Let Paddle charge a past-due bill once more, and fail."""
        at = at or self.clock()
        transaction = self.transactions[transaction_id]
        self._attempt(transaction, code, at)
        self._record("transaction.payment_failed", transaction, at)
        self._record("transaction.updated", transaction, at)

    def attempt(
        self,
        transaction_id: str,
        status: str,
        *,
        code: str | None = None,
        card_last4: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Let somebody try to pay a bill: the attempt stays in `status`. Without `card_last4` it is by PayPal."""
        at = at or self.clock()
        transaction = self.transactions[transaction_id]
        card = None if card_last4 is None else bodies.card(card_last4, name=None, expires=at.year + 1)
        transaction["payments"].insert(
            0,
            bodies.payment(
                self.new_id("paymtd"),
                amount=transaction["details"]["totals"]["balance"],
                card=card,
                code=code,
                at=at,
                status=status,
            ),
        )
        self._record("transaction.updated", transaction, at)

    def pay(self, transaction_id: str, *, source: str | None = "customer_portal") -> None:
        """Pay a bill with a new card. A subscription without another debt is active again.

        The card is given where `source` says, in the words of the history; None: Paddle charges the old one again.
        """
        now = self.clock()
        transaction = self.transactions[transaction_id]
        if source is not None:
            self._change_method(transaction, source, now)
        transaction["status"] = "paid"
        self._attempt(transaction, None, now)
        transaction["details"]["totals"]["balance"] = "0"
        self._record("transaction.updated", transaction, now)
        self._record("transaction.paid", transaction, now)
        subscription = self.subscriptions[transaction["subscription_id"]]
        if subscription["status"] == "past_due" and not self.debts(subscription["id"]):
            subscription["status"] = "active"
            self._record("subscription.updated", subscription, now)
        transaction["status"] = "completed"
        bodies.settle(transaction, invoice_id=self.new_id("inv"), invoice_number=f"10001-{10000 + next(self._serial)}")
        self._record("transaction.completed", transaction, now)

    def cancel(self, subscription_id: str) -> None:
        """End a subscription for good, and its debts with it."""
        self._end(subscription_id, "canceled")

    def pause(self, subscription_id: str) -> None:
        """Pause a subscription, and cancel its debts."""
        self._end(subscription_id, "paused")

    def schedule(self, subscription_id: str, action: str = "cancel") -> None:
        """Let a subscription cancel, pause or resume by itself at its period's end."""
        subscription = self.subscriptions[subscription_id]
        ends_at = (subscription["current_billing_period"] or {}).get("ends_at") or bodies.stamp(self.clock())
        subscription["scheduled_change"] = {"action": action, "effective_at": ends_at, "resume_at": None}
        self._record("subscription.updated", subscription, self.clock())

    def debts(self, subscription_id: str) -> list[Json]:
        """List a subscription's past-due bills, oldest first."""
        return [
            transaction
            for transaction in self.transactions.values()
            if transaction["subscription_id"] == subscription_id and transaction["status"] == "past_due"
        ]

    def _end(self, subscription_id: str, status: str) -> None:
        now = self.clock()
        subscription = self.subscriptions[subscription_id]
        for transaction in self.debts(subscription_id):
            transaction["status"] = "canceled"
            self._record("transaction.updated", transaction, now)
            self._record("transaction.canceled", transaction, now)
        subscription |= {
            "status": status,
            f"{status}_at": bodies.stamp(now),
            "next_billed_at": None,
            "current_billing_period": None,
            "scheduled_change": None,
        }
        for item in subscription["items"]:
            item["next_billed_at"] = None
        self._record("subscription.updated", subscription, now)
        self._record(f"subscription.{status}", subscription, now)

    def _change_method(self, transaction: Json, source: str, at: datetime) -> None:
        subscription = self.subscriptions[transaction["subscription_id"]]
        method_id = self._methods[subscription["id"]] = self.new_id("paymtd")
        self._record("payment_method.saved", bodies.saved_method(method_id, transaction, at=at), at)
        self.history.note(subscription, "subscription_payment_method_updated", at, source=source)

    def _attempt(self, transaction: Json, code: str | None, at: datetime) -> None:
        made = bodies.payment(
            self._methods[transaction["subscription_id"]],
            amount=transaction["details"]["totals"]["balance"],
            card=self._cards.get(transaction["subscription_id"]),
            code=code,
            at=at,
        )
        transaction["payments"].insert(0, made)  # newest first, as Paddle sorts them

    def _advance_period(self, subscription: Json, at: datetime) -> None:
        """Move on to the next period, as Paddle does although the bill is unpaid."""
        begins, ends = bodies.stamp(at), bodies.stamp(at + bodies.INTERVALS[subscription["billing_cycle"]["interval"]])
        subscription |= {"current_billing_period": {"starts_at": begins, "ends_at": ends}, "next_billed_at": ends}
        for item in subscription["items"]:
            item |= {"previously_billed_at": begins, "next_billed_at": ends, "updated_at": begins}

    def _record(self, event_type: str, entity: Json, at: datetime) -> None:
        """Tell what happened. No two events of one entity have the same time, since receivers go by the order."""
        before = self._last_told_at.get(entity["id"])
        occurred_at = at if before is None else max(at, before + _NEXT)
        self._last_told_at[entity["id"]] = occurred_at
        entity["updated_at"] = bodies.stamp(occurred_at)
        self._tell(Event(self.new_id("evt"), event_type, occurred_at, json.dumps(entity)))
