"""What there is on Paddle's side of a rehearsal, and how it is written into events.

Events are made without pydantic's checks, since a million cases are some ten million events. A test makes sure that
they would pass the checks.
"""

from dataclasses import dataclass
from datetime import datetime

from dunning.paddle.events import (
    AdjustmentFacts,
    CollectionAttempt,
    Event,
    EventType,
    SubscriptionFacts,
    TransactionFacts,
)

Facts = TransactionFacts | SubscriptionFacts | AdjustmentFacts

_TYPES = {str(one): one for one in EventType}


@dataclass(slots=True)
class Customer:
    """Somebody who subscribed."""

    id: str
    name: str | None
    email: str | None
    locale: str = "en-US"
    country: str | None = "US"
    status: str = "active"


@dataclass(slots=True)
class Subscription:
    """A subscription. `price` is in minor units of `currency`; without a card it is paid in another way."""

    id: str
    customer_id: str
    product: str
    product_id: str
    price_id: str
    price: int
    currency: str
    card_last4: str | None = None
    interval: str = "month"
    status: str = "active"
    collection_mode: str = "automatic"
    scheduled_action: str | None = None


@dataclass(slots=True)
class Bill:
    """A renewal's transaction. Its attempts are newest first."""

    id: str
    subscription_id: str
    billed_at: datetime
    balance: int
    status: str = "billed"
    collection_mode: str = "automatic"
    attempts: tuple[CollectionAttempt, ...] = ()
    customer_id: str = ""
    """Whose bill it is. If empty, it is the bill of the subscription's customer."""


def transaction(bill: Bill, of: Subscription) -> TransactionFacts:
    """Write a bill as it is now."""
    return TransactionFacts.model_construct(
        id=bill.id,
        status=bill.status,
        origin="subscription_recurring",
        collection_mode=bill.collection_mode,
        subscription_id=of.id,
        customer_id=bill.customer_id or of.customer_id,
        currency_code=of.currency,
        billed_at=bill.billed_at,
        product_ids=(of.product_id,),
        price_ids=(of.price_id,),
        attempts=bill.attempts,
    )


def subscription(found: Subscription) -> SubscriptionFacts:
    """Write a subscription as it is now."""
    return SubscriptionFacts.model_construct(
        id=found.id, status=found.status, collection_mode=found.collection_mode, customer_id=found.customer_id
    )


def charge_back(adjustment_id: str, disputed: str, of: Subscription) -> AdjustmentFacts:
    """Write the charge-back of an earlier payment of a subscription."""
    return AdjustmentFacts.model_construct(
        id=adjustment_id,
        action="chargeback",
        status="approved",
        transaction_id=disputed,
        subscription_id=of.id,
        customer_id=of.customer_id,
    )


def event(event_id: str, event_type: str, at: datetime, facts: Facts) -> Event:
    """Write an event."""
    return Event.model_construct(id=event_id, type=_TYPES[event_type], occurred_at=at, facts=facts)
