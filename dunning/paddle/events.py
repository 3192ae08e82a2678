"""What Paddle tells us, cut down to what may be kept: ids, states and times, no person and no amount."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import from_json

from dunning.errors import NotAnEventError

PaddleId = Annotated[str, StringConstraints(pattern=r"^[a-z]+_[a-z0-9]{26}$")]
# Enum values of Paddle's are an open set; a word is all we promise to keep.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]
_set = object.__setattr__  # pydantic's own refuses on what is frozen
_WORD = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_MethodId = Annotated[str, StringConstraints(pattern=r"^paymtd_[a-z0-9]{26}$")]
# The rules add weeks to a time, and Python's times end with the year 9999.
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
    ADJUSTMENT_CREATED = "adjustment.created"
    ADJUSTMENT_UPDATED = "adjustment.updated"


class Kept(BaseModel):
    """A model that keeps only the fields that it names."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def of_checked(cls, values: dict[str, Any]) -> Self:
        """Make one of these, which are the values of all its fields and were checked before they came here.

        It is what `model_construct` does, in half its time.
        """
        made = cls.__new__(cls)
        _set(made, "__dict__", values)
        _set(made, "__pydantic_fields_set__", set(values))
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made


def _word(text: object) -> object:
    """Return a word as it is, else `unknown`: a strange code must not make us lose its event."""
    return text if not isinstance(text, str) or _WORD.fullmatch(text) else "unknown"


def _word_if_any(text: object) -> object:
    return None if text == "" else _word(text)


def none_if_malformed(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """Read what no rule needs: whatever is wrong with it loses no event."""
    try:
        return read(value)
    except ValidationError:
        return None


class CollectionAttempt(Kept):
    """One time Paddle charged the payment method, read from a notification by Paddle's names or at rest by ours.

    `code` is the decline code of a failed one.
    """

    at: Moment = Field(validation_alias=AliasChoices("created_at", "at"))
    status: Annotated[Word, BeforeValidator(_word)]
    code: Annotated[Word | None, BeforeValidator(_word_if_any)] = Field(
        default=None, validation_alias=AliasChoices("error_code", "code")
    )
    method_id: Annotated[_MethodId | None, WrapValidator(none_if_malformed)] = Field(
        default=None, validation_alias=AliasChoices("payment_method_id", "method_id")
    )
    """The payment method that was charged, where Paddle tells it."""

    @property
    def failed(self) -> bool:
        """Whether the charge was declined or broke."""
        return self.status == "error"


class TransactionFacts(Kept):
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
    total: int | None = None
    """The bill's total in minor units, for the sums that name nobody. It is forgotten once the event is handled."""


class SubscriptionFacts(Kept):
    """What the inbox keeps of a subscription."""

    kind: Literal["subscription"] = "subscription"
    id: PaddleId
    status: Word
    collection_mode: Word
    customer_id: PaddleId


class AdjustmentFacts(Kept):
    """What the inbox keeps of an adjustment: a refund, a credit, or what matters here, a charge-back.

    https://developer.paddle.com/api-reference/adjustments/overview
    """

    kind: Literal["adjustment"] = "adjustment"
    id: PaddleId
    action: Word
    status: Word
    transaction_id: PaddleId
    subscription_id: PaddleId | None
    customer_id: PaddleId

    @property
    def is_charge_back(self) -> bool:
        """Whether the customer disputes a payment of a subscription with their bank, or is about to."""
        disputed = self.action in {"chargeback", "chargeback_warning"} and self.status not in {"rejected", "reversed"}
        return disputed and self.subscription_id is not None


class Event(Kept):
    """One event, as the inbox keeps it."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+_[A-Za-z0-9]{1,64}$")]
    type: EventType
    occurred_at: Moment
    facts: TransactionFacts | SubscriptionFacts | AdjustmentFacts
    not_before: Moment | None = None
    """If the event opens a case, nothing is sent for that case before this time."""

    def without_total(self) -> "Event":
        """Return the event without the amount that it tells: for one that is kept because it can't be handled."""
        facts = self.facts
        if not isinstance(facts, TransactionFacts) or facts.total is None:
            return self
        return self.model_copy(update={"facts": facts.model_copy(update={"total": None})})

    @property
    def is_reconciled(self) -> bool:
        """Whether we made the event ourselves, from what Paddle's API says now."""
        return self.id.startswith(RECONCILED)


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
# Events that we make ourselves, from what Paddle's API says now.
RECONCILED = "reconciled_"

# A sentence about a payload names this many of its fields at most.
MAX_PROBLEMS = 5


def read_json(body: bytes) -> object:
    """Read a notification, once for all who look at it.

    Raises:
        NotAnEventError: the body is no JSON.
    """
    try:
        payload: object = from_json(body)
    except ValueError:
        raise NotAnEventError("The body is not a Paddle event: body (json_invalid).") from None
    return payload


def parse_envelope(payload: object) -> Envelope:
    """Read a notification's outside; its data is looked at by `dunning.paddle.projection`.

    Raises:
        NotAnEventError: it has no event id, type and time.
    """
    try:
        return Envelope.model_validate(payload)
    except ValidationError as error:
        raise NotAnEventError(f"The body is not a Paddle event: {problems_told(error)}.") from None


def is_simulated(envelope: Envelope) -> bool:
    """Tell whether Paddle's simulator made this up: its entities may not exist, and nobody owes anything."""
    return envelope.event_id.startswith(SIMULATED_EVENT) or (envelope.notification_id or "").startswith(
        SIMULATED_NOTIFICATION
    )


def shows_failed_attempt(facts: TransactionFacts | SubscriptionFacts | AdjustmentFacts) -> bool:
    """Tell whether at least one collection attempt failed."""
    return isinstance(facts, TransactionFacts) and any(attempt.failed for attempt in facts.attempts)


def burial_id(envelope: Envelope) -> str:
    """Give the id under which a malformed event is kept: its own, or a stand-in if its own is no id at all."""
    if _EVENT_ID.fullmatch(envelope.event_id):
        return envelope.event_id
    return "malformed_" + sha256(envelope.event_id.encode("utf-8", "surrogatepass")).hexdigest()[:26]


_EVENT_ID = re.compile(r"[a-z]+_[A-Za-z0-9]{1,64}")


def problems_told(error: ValidationError) -> str:
    """Say which fields are wrong and how. The values stay out: they may be an address or a name."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{'.'.join(str(part) for part in problem['loc']) or 'body'} ({problem['type']})" for problem in found]
    more = f" and {len(named) - MAX_PROBLEMS} more" if len(named) > MAX_PROBLEMS else ""
    return ", ".join(named[:MAX_PROBLEMS]) + more
