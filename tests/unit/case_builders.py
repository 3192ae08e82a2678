"""A campaign, a case and events to test the rules with, each ordinary but for what the test says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dunning.paddle.events import (
    AdjustmentFacts,
    CollectionAttempt,
    Event,
    EventType,
    SubscriptionFacts,
    TransactionFacts,
)
from dunning.paddle.live import LiveAttempt, LiveCustomer, LiveSubscription, LiveTransaction
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.on_event import on_adjustment, on_subscription, on_transaction
from dunning.rules.triggers import Trigger

CUSTOMER = "ctm_01jq3v9m5t8xw2c7h4k6n0p1rs"
SUBSCRIPTION = "sub_01jq3vb7d2f9g5h8k1m4n6p0qr"
TRANSACTION = "txn_01jq3vcx8a4b7d9e2f5g6h0j1k"

FAILED_AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

FIRST = Step("first", {DeclineClass.HARD: 2 * HOUR, DeclineClass.SOFT: DAY, DeclineClass.OUTAGE: 2 * DAY}, "first")
REMINDER = Step("reminder", dict.fromkeys(DeclineClass, 3 * DAY), "reminder")
FINAL = Step("final", dict.fromkeys(DeclineClass, 27 * DAY), "final")
CAMPAIGN = Campaign("renewal", Trigger.RENEWAL_FAILED, (FIRST, REMINDER, FINAL), None)

ME = "a1b2c3"


def a_case(**changes: object) -> Case:
    """An open case of a hard decline, with nothing done yet."""
    values: dict[str, Any] = {
        "id": TRANSACTION,
        "subscription_id": SUBSCRIPTION,
        "customer_id": CUSTOMER,
        "campaign": CAMPAIGN.name,
        "decline_class": DeclineClass.HARD,
        "reason_code": "expired_card",
        "failed_at": FAILED_AT,
        "attempted_at": FAILED_AT,
    }
    values.update(changes)
    return Case(**values)


def planned() -> Delivery:
    return Delivery()


def held(at: datetime = FAILED_AT) -> Delivery:
    return planned().claim(ME, at)


def sending(at: datetime = FAILED_AT) -> Delivery:
    return held(at).begin_data(ME)


def sent(at: datetime = FAILED_AT) -> Delivery:
    return sending(at).settle(ME, DeliveryState.SENT, "smtp_250")


def unknown(at: datetime = FAILED_AT) -> Delivery:
    return sending(at).settle(ME, DeliveryState.UNKNOWN, "eof_after_data")


def an_attempt(at: datetime = FAILED_AT, code: str | None = "expired_card", status: str = "error") -> CollectionAttempt:
    return CollectionAttempt(at=at, status=status, code=code)


def a_transaction(**changes: object) -> TransactionFacts:
    """A renewal that was declined once."""
    values: dict[str, Any] = {
        "id": TRANSACTION,
        "status": "past_due",
        "origin": "subscription_recurring",
        "collection_mode": "automatic",
        "subscription_id": SUBSCRIPTION,
        "customer_id": CUSTOMER,
        "currency_code": "USD",
        "billed_at": FAILED_AT - SECOND,
        "attempts": (an_attempt(),),
    }
    values.update(changes)
    return TransactionFacts(**values)


def an_event(
    of_type: EventType,
    facts: TransactionFacts | SubscriptionFacts | AdjustmentFacts | None = None,
    at: datetime = FAILED_AT,
) -> Event:
    return Event(
        id=f"evt_{of_type.name.replace('_', '').lower()}", type=of_type, occurred_at=at, facts=facts or a_transaction()
    )


def a_live_transaction(**changes: object) -> LiveTransaction:
    """A debt that is still owed, by a customer who can be written to."""
    values: dict[str, Any] = {
        "id": TRANSACTION,
        "status": "past_due",
        "subscription_id": SUBSCRIPTION,
        "collection_mode": "automatic",
        "balance": 2400,
        "currency_code": "USD",
        "product_names": ("Nordlys Studio",),
        "attempts": (a_live_attempt(),),
        "customer": a_customer(),
    }
    values.update(changes)
    return LiveTransaction(**values)


def a_live_attempt(**changes: object) -> LiveAttempt:
    """A card that was declined."""
    values: dict[str, Any] = {
        "at": FAILED_AT,
        "status": "error",
        "code": "expired_card",
        "method": "card",
        "card_last4": "4242",
    }
    values.update(changes)
    return LiveAttempt(**values)


def a_live_subscription(**changes: object) -> LiveSubscription:
    values: dict[str, Any] = {
        "id": SUBSCRIPTION,
        "customer_id": CUSTOMER,
        "status": "past_due",
        "collection_mode": "automatic",
        "scheduled_action": None,
    }
    values.update(changes)
    return LiveSubscription(**values)


def a_customer(**changes: object) -> LiveCustomer:
    values: dict[str, Any] = {
        "id": CUSTOMER,
        "status": "active",
        "email": "ingrid.halvorsen@fjordlys.example",
        "name": "Ingrid Halvorsen",
        "locale": "nb",
        "country_code": "NO",
    }
    values.update(changes)
    return LiveCustomer(**values)


def declined(after: timedelta, code: str | None) -> Event:
    facts = a_transaction(attempts=(an_attempt(FAILED_AT + after, code), an_attempt()))
    return an_event(EventType.TRANSACTION_PAYMENT_FAILED, facts)


def subscription_ended(at: timedelta) -> Event:
    facts = SubscriptionFacts(id=SUBSCRIPTION, status="paused", collection_mode="automatic", customer_id=CUSTOMER)
    return an_event(EventType.SUBSCRIPTION_PAUSED, facts, FAILED_AT + at)


# One history of a debt: what each attempt said when it was the newest.
FAILURES = [
    declined(timedelta(0), "expired_card"),
    declined(10 * SECOND, "issuer_unavailable"),
    declined(MINUTE, "declined"),
    declined(HOUR, "issuer_unavailable"),
    declined(20 * HOUR, "expired_card"),
]
PAID = [EventType.TRANSACTION_PAID, EventType.TRANSACTION_COMPLETED]
ENDS = [
    *(an_event(paid, a_transaction(status="paid")) for paid in PAID),
    an_event(EventType.TRANSACTION_CANCELED, a_transaction(status="canceled")),
    subscription_ended(-DAY),
    subscription_ended(HOUR),
]


def apply(event: Event, case: Case | None, now: datetime) -> Case | None:
    """Apply an event of any kind, and return the case's new value, if it has one."""
    if isinstance(event.facts, TransactionFacts):
        return on_transaction(event, event.facts, case, [CAMPAIGN], now).case
    if case is None:
        return None
    if isinstance(event.facts, AdjustmentFacts):
        return on_adjustment(event, event.facts, case, now).case
    return on_subscription(event, event.facts, case, now).case
