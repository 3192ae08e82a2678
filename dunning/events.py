"""What Paddle tells us, cut down to what may be kept: ids, states and times, no person and no amount."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from dunning.errors import MalformedEventError, NotAnEventError

PaddleId = Annotated[str, StringConstraints(pattern=r"^[a-z]+_[a-z0-9]{26}$")]
# Enum values of Paddle's are an open set; a word is all we promise to keep.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]
# The rules add weeks to a time, which is no time any more at the end of the year 9999.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC))]


class EventType(StrEnum):
    """The events that change a case. https://developer.paddle.com/webhooks/overview."""

    TRANSACTION_PAYMENT_FAILED = "transaction.payment_failed"
    TRANSACTION_PAST_DUE = "transaction.past_due"
    TRANSACTION_PAID = "transaction.paid"
    TRANSACTION_COMPLETED = "transaction.completed"
    TRANSACTION_CANCELED = "transaction.canceled"
    SUBSCRIPTION_CANCELED = "subscription.canceled"
    SUBSCRIPTION_PAUSED = "subscription.paused"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class CollectionAttempt(_Kept):
    """One time Paddle charged the payment method. `code` is the decline code of a failed one."""

    at: Moment
    status: Word
    code: Word | None = None

    @property
    def failed(self) -> bool:
        """Whether the charge was declined or broke."""
        return self.status == "error"


class TransactionFacts(_Kept):
    """What the inbox keeps of a transaction. `attempts` are newest first, as Paddle sends them."""

    kind: Literal["transaction"] = "transaction"
    id: PaddleId
    status: Word
    origin: Word
    collection_mode: Word
    subscription_id: PaddleId | None
    customer_id: PaddleId | None
    currency_code: Word | str
    billed_at: Moment | None
    product_ids: tuple[PaddleId, ...] = ()
    price_ids: tuple[PaddleId, ...] = ()
    attempts: tuple[CollectionAttempt, ...] = ()


class SubscriptionFacts(_Kept):
    """What the inbox keeps of a subscription."""

    kind: Literal["subscription"] = "subscription"
    id: PaddleId
    status: Word
    collection_mode: Word
    customer_id: PaddleId | None


class Event(_Kept):
    """One event, as the inbox keeps it."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+_[A-Za-z0-9]{1,64}$")]
    type: EventType
    occurred_at: Moment
    facts: TransactionFacts | SubscriptionFacts


class Envelope(BaseModel):
    """A notification's outside: enough to decide what to do with it before its data is looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    event_id: str
    event_type: str
    occurred_at: datetime
    notification_id: str | None = None


USED: frozenset[str] = frozenset(EventType)

# Simulated notifications carry no notification id, or one of these; a replayed simulation has both.
# https://developer.paddle.com/webhooks/simulator
SIMULATED_EVENT = "ntfsimevt_"
SIMULATED_NOTIFICATION = "ntfsimntf_"

# A sentence about a payload names this many of its fields at most.
MAX_PROBLEMS = 5


def parse_envelope(body: bytes) -> Envelope:
    """Read a notification's outside; its data is looked at by `project`.

    Raises:
        NotAnEventError: the body is no JSON, or has no event id, type and time.
    """
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        raise NotAnEventError(f"The body is not a Paddle event: {_problems(error)}.") from None


def is_simulated(envelope: Envelope) -> bool:
    """Tell whether Paddle's simulator made this up: its entities may not exist, and nobody owes anything."""
    return envelope.event_id.startswith(SIMULATED_EVENT) or (envelope.notification_id or "").startswith(
        SIMULATED_NOTIFICATION
    )


def project(body: bytes, envelope: Envelope) -> Event:
    """Cut a notification of a used type down to what is kept.

    Fields we don't keep may be missing or shaped in any way; those we keep may not.

    Raises:
        MalformedEventError: its data is not shaped as its type says. It names the fields, and none of their values.
    """
    payload = _SubscriptionPayload if envelope.event_type.startswith("subscription.") else _TransactionPayload
    try:
        return Event.model_validate(
            {
                "id": envelope.event_id,
                "type": envelope.event_type,
                "occurred_at": envelope.occurred_at,
                "facts": payload.model_validate_json(body).data.facts(),
            }
        )
    except ValidationError as error:
        raise MalformedEventError(f"The event is not shaped as its type says: {_problems(error)}.") from None


def shows_failed_attempt(facts: TransactionFacts | SubscriptionFacts) -> bool:
    """Tell whether Paddle charged in vain at least once."""
    return isinstance(facts, TransactionFacts) and any(attempt.failed for attempt in facts.attempts)


def burial_id(envelope: Envelope) -> str:
    """Give the id under which a malformed event is kept: its own, or a stand-in where that is no id at all."""
    if _EVENT_ID.fullmatch(envelope.event_id):
        return envelope.event_id
    return "malformed_" + sha256(envelope.event_id.encode("utf-8", "surrogatepass")).hexdigest()[:26]


_EVENT_ID = re.compile(r"[a-z]+_[A-Za-z0-9]{1,64}")
_WORD = re.compile(r"[a-z][a-z0-9_.]{0,63}")

_TransactionId = Annotated[str, StringConstraints(pattern=r"^txn_[a-z0-9]{26}$")]
_SubscriptionId = Annotated[str, StringConstraints(pattern=r"^sub_[a-z0-9]{26}$")]
_CustomerId = Annotated[str, StringConstraints(pattern=r"^ctm_[a-z0-9]{26}$")]
_ProductId = Annotated[str, StringConstraints(pattern=r"^pro_[a-z0-9]{26}$")]
_PriceId = Annotated[str, StringConstraints(pattern=r"^pri_[a-z0-9]{26}$")]
_CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _word(text: str) -> str:
    """Keep a new code of Paddle's if it is a word: one that isn't must not cost us the event it came in."""
    return text if _WORD.fullmatch(text) else "unknown"


def _problems(error: ValidationError) -> str:
    """Say which fields are wrong and how. The values stay out: they may be an address or a name."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{'.'.join(str(part) for part in problem['loc']) or 'body'} ({problem['type']})" for problem in found]
    more = f" and {len(named) - MAX_PROBLEMS} more" if len(named) > MAX_PROBLEMS else ""
    return ", ".join(named[:MAX_PROBLEMS]) + more


class _Price(_Kept):
    id: _PriceId
    product_id: _ProductId


class _Item(_Kept):
    price: _Price


class _Payment(_Kept):
    status: str
    error_code: str | None = None
    created_at: Moment


class _TransactionData(_Kept):
    id: _TransactionId
    status: Word
    origin: Word
    collection_mode: Word
    subscription_id: _SubscriptionId | None
    customer_id: _CustomerId | None
    currency_code: _CurrencyCode
    billed_at: Moment | None
    items: tuple[_Item, ...] | None = None
    payments: tuple[_Payment, ...] | None = None

    def facts(self) -> TransactionFacts:
        prices = [item.price for item in self.items or ()]
        return TransactionFacts(
            id=self.id,
            status=self.status,
            origin=self.origin,
            collection_mode=self.collection_mode,
            subscription_id=self.subscription_id,
            customer_id=self.customer_id,
            currency_code=self.currency_code,
            billed_at=self.billed_at,
            # A plan and its add-ons may share a product: each id once, in the order they came.
            product_ids=tuple(dict.fromkeys(price.product_id for price in prices)),
            price_ids=tuple(dict.fromkeys(price.id for price in prices)),
            attempts=tuple(
                CollectionAttempt(
                    at=payment.created_at,
                    status=_word(payment.status),
                    code=_word(payment.error_code) if payment.error_code else None,
                )
                for payment in self.payments or ()
            ),
        )


class _SubscriptionData(_Kept):
    id: _SubscriptionId
    status: Word
    collection_mode: Word
    customer_id: _CustomerId | None

    def facts(self) -> SubscriptionFacts:
        return SubscriptionFacts(
            id=self.id, status=self.status, collection_mode=self.collection_mode, customer_id=self.customer_id
        )


class _TransactionPayload(_Kept):
    data: _TransactionData


class _SubscriptionPayload(_Kept):
    data: _SubscriptionData
