"""Cutting a notification down to what is kept of it."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from dunning.errors import MalformedEventError
from dunning.paddle.events import (
    AdjustmentFacts,
    CollectionAttempt,
    Envelope,
    Event,
    Kept,
    Moment,
    SubscriptionFacts,
    TransactionFacts,
    Word,
    problems_told,
)


def project(payload: object, envelope: Envelope) -> Event:
    """Cut a notification of a used type down to what is kept.

    Fields we don't keep may be missing or shaped in any way; those we keep may not.

    Raises:
        MalformedEventError: its data is not shaped as its type says. It names the fields, and none of their values.
    """
    shape = _PAYLOADS[envelope.event_type.partition(".")[0]]
    try:
        return Event.model_validate(
            {
                "id": envelope.event_id,
                "type": envelope.event_type,
                "occurred_at": envelope.occurred_at,
                "facts": shape.model_validate(payload).data.facts(),
            }
        )
    except ValidationError as error:
        raise MalformedEventError(f"The event is not shaped as its type says: {problems_told(error)}.") from None


_WORD = re.compile(r"[a-z][a-z0-9_.]{0,63}")

_TransactionId = Annotated[str, StringConstraints(pattern=r"^txn_[a-z0-9]{26}$")]
_SubscriptionId = Annotated[str, StringConstraints(pattern=r"^sub_[a-z0-9]{26}$")]
_CustomerId = Annotated[str, StringConstraints(pattern=r"^ctm_[a-z0-9]{26}$")]
_AdjustmentId = Annotated[str, StringConstraints(pattern=r"^adj_[a-z0-9]{26}$")]
_ProductId = Annotated[str, StringConstraints(pattern=r"^pro_[a-z0-9]{26}$")]
_PriceId = Annotated[str, StringConstraints(pattern=r"^pri_[a-z0-9]{26}$")]
_MethodId = Annotated[str, StringConstraints(pattern=r"^paymtd_[a-z0-9]{26}$")]
_CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _word(text: str) -> str:
    """Return the text if it is a word, else `unknown`: a strange code must not make us lose its event."""
    return text if _WORD.fullmatch(text) else "unknown"


class _Price(Kept):
    id: _PriceId
    product_id: _ProductId


class _Item(Kept):
    price: _Price


def _none_if_malformed(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """Read what is only for sums: whatever is wrong with it loses no event."""
    try:
        return read(value)
    except ValidationError:
        return None


class _Payment(Kept):
    status: str
    error_code: str | None = None
    created_at: Moment
    payment_method_id: Annotated[_MethodId | None, WrapValidator(_none_if_malformed)] = None


class _Totals(Kept):
    grand_total: Annotated[int, Field(ge=0, lt=10**15)] | None = None


class _Details(Kept):
    totals: _Totals | None = None


class _TransactionData(Kept):
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
    details: Annotated[_Details | None, WrapValidator(_none_if_malformed)] = None

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
                    method_id=payment.payment_method_id,
                )
                for payment in self.payments or ()
            ),
            total=self.details.totals.grand_total if self.details and self.details.totals else None,
        )


class _SubscriptionData(Kept):
    id: _SubscriptionId
    status: Word
    collection_mode: Word
    customer_id: _CustomerId

    def facts(self) -> SubscriptionFacts:
        return SubscriptionFacts(
            id=self.id, status=self.status, collection_mode=self.collection_mode, customer_id=self.customer_id
        )


class _AdjustmentData(Kept):
    id: _AdjustmentId
    action: Word
    status: Word
    transaction_id: _TransactionId
    subscription_id: _SubscriptionId | None = None
    customer_id: _CustomerId

    def facts(self) -> AdjustmentFacts:
        return AdjustmentFacts(
            id=self.id,
            action=self.action,
            status=self.status,
            transaction_id=self.transaction_id,
            subscription_id=self.subscription_id,
            customer_id=self.customer_id,
        )


class _TransactionPayload(Kept):
    data: _TransactionData


class _SubscriptionPayload(Kept):
    data: _SubscriptionData


class _AdjustmentPayload(Kept):
    data: _AdjustmentData


_PAYLOADS: Mapping[str, type[_TransactionPayload | _SubscriptionPayload | _AdjustmentPayload]] = {
    "transaction": _TransactionPayload,
    "subscription": _SubscriptionPayload,
    "adjustment": _AdjustmentPayload,
}
