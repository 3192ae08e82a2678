"""Read Paddle's answers into our own values.

Tolerant: fields we don't know are dropped while parsing (among them a subscription's `management_urls`, which hold a
token that opens the customer's account), and one entity that lacks what we need does not spoil the others.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from dunning.errors import TransientError
from dunning.paddle import shapes
from dunning.paddle.live import CARDS, LiveAttempt, LiveCustomer, LiveSubscription, LiveTransaction
from dunning.paddle.portal import PortalLinks, PortalSession

# Not \d, which is every script's digits.
_ID = re.compile(r"[a-z]+_[a-z0-9]{26}")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")

Entity = TypeVar("Entity")


@dataclass(frozen=True, slots=True)
class Malformed:
    """An entity that lacks what we need: its id, if that can be read, and which fields are wrong, without values."""

    id: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Entity]):
    """One page of a list. `next_url` is where the next one is, and None on the last."""

    entities: tuple[Entity, ...]
    malformed: tuple[Malformed, ...]
    next_url: str | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose the API key is, and what it may do. Keys of before May 2025 have no permissions, and may do everything."""

    account_id: str | None
    permissions: frozenset[str] | None

    def may(self, permission: str) -> bool | None:
        """Tell whether the key has a permission, None where there is no telling. Who may write may read as well."""
        if self.permissions is None:
            return None
        return not self.permissions.isdisjoint({permission, permission.replace(".read", ".write")})


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What Paddle says went wrong: a stable code, and the id its support asks for."""

    code: str | None
    request_id: str | None


def read_transactions(body: bytes) -> ListPage[LiveTransaction]:
    """Read the answer of `GET /transactions?include=customer,address`.

    Raises:
        TransientError: The answer is not a list of Paddle's.
    """
    return _read_page(body, lambda entity: _live_transaction(shapes.Transaction.model_validate(entity)))


def read_subscriptions(body: bytes) -> ListPage[LiveSubscription]:
    """Read the answer of `GET /subscriptions`.

    Raises:
        TransientError: The answer is not a list of Paddle's.
    """
    return _read_page(body, lambda entity: _live_subscription(shapes.Subscription.model_validate(entity)))


def read_bodies(body: bytes) -> ListPage[bytes]:
    """Read a list and leave each of its entities in JSON, for whoever knows their shapes.

    Raises:
        TransientError: The answer is not a list of Paddle's.
    """
    return _read_page(body, lambda entity: json.dumps(entity).encode())


def read_ids(body: bytes) -> ListPage[str]:
    """Read a list, and of each of its entities nothing but the id.

    Raises:
        TransientError: The answer is not a list of Paddle's.
    """
    return _read_page(body, lambda entity: shapes.Identified.model_validate(entity).id)


def read_portal_session(body: bytes) -> PortalSession:
    """Read the answer of `POST /customers/{id}/portal-sessions`.

    Raises:
        TransientError: The answer is not a portal session.
    """
    try:
        session = shapes.SessionAnswer.model_validate_json(body).data
    except ValidationError as error:
        raise TransientError(f"Paddle's answer is no portal session: {_problem(error)}.") from None
    return PortalSession(
        id=session.id,
        customer_id=session.customer_id,
        created_at=session.created_at,
        overview=session.urls.general.overview,
        subscriptions=tuple(
            PortalLinks(
                subscription_id=links.id,
                update_payment_method=links.update_subscription_payment_method,
                cancel=links.cancel_subscription,
                view=links.view_subscription,
            )
            for links in session.urls.subscriptions
        ),
    )


def read_caller(body: bytes) -> Caller:
    """Read from the answer of `GET /` who we are. Never raises: what the answer doesn't say is None.

    https://developer.paddle.com/api-reference/api-root/get-api-root
    """
    try:
        caller = shapes.RootAnswer.model_validate_json(body).data.caller
    except ValidationError:
        return Caller(account_id=None, permissions=None)
    return Caller(
        account_id=_word(str(caller.account.id)) if caller.account else None,
        permissions=None if caller.permissions is None else frozenset(caller.permissions),
    )


def read_error(body: bytes) -> ErrorAnswer:
    """Read an error answer. Never raises: what can't be read, or is no plain word, is left out."""
    try:
        answer = shapes.ErrorAnswerBody.model_validate_json(body)
    except ValidationError:
        return ErrorAnswer(code=None, request_id=None)
    return ErrorAnswer(code=_word(answer.error.code), request_id=_word(answer.meta.request_id))


def _read_page(body: bytes, read: Callable[[object], Entity]) -> ListPage[Entity]:
    try:
        answer = shapes.ListAnswer.model_validate_json(body)
    except ValidationError as error:
        raise TransientError(f"Paddle's answer is no list: {_problem(error)}.") from None
    entities: list[Entity] = []
    malformed: list[Malformed] = []
    for entity in answer.data:
        try:
            entities.append(read(entity))
        except ValidationError as error:
            malformed.append(Malformed(id=_entity_id(entity), problem=_problem(error)))
        except ValueError as error:  # the shape is right, but the amount or the currency is missing
            malformed.append(Malformed(id=_entity_id(entity), problem=str(error)))
    pagination = answer.meta.pagination
    if pagination.has_more and pagination.next is None:
        raise TransientError("Paddle's answer has another page, and does not say where.")
    return ListPage(tuple(entities), tuple(malformed), pagination.next if pagination.has_more else None)


def _live_transaction(transaction: shapes.Transaction) -> LiveTransaction:
    items = transaction.items or ()
    return LiveTransaction(
        id=transaction.id,
        status=transaction.status,
        subscription_id=transaction.subscription_id,
        collection_mode=transaction.collection_mode,
        balance=transaction.details.totals.due,
        total=transaction.details.totals.grand_total,
        currency_code=transaction.currency,
        product_names=_product_names(transaction.details.line_items),
        attempts=_newest_first([_live_attempt(payment) for payment in transaction.payments]),
        customer=_live_customer(transaction.customer, transaction.address) if transaction.customer else None,
        billed_at=transaction.billed_at,
        period=(transaction.billing_period.starts_at, transaction.billing_period.ends_at)
        if transaction.billing_period
        else None,
        product_ids=tuple(dict.fromkeys(item.price.product_id for item in items if item.price.product_id)),
        price_ids=tuple(dict.fromkeys(item.price.id for item in items)),
    )


def _live_customer(customer: shapes.Customer, address: shapes.Address | None) -> LiveCustomer:
    return LiveCustomer(
        id=customer.id,
        status=customer.status,
        email=customer.email or None,
        name=(customer.name or "").strip() or None,
        locale=customer.locale or "en",  # Paddle's own default
        country_code=address.country_code if address else None,
    )


def _live_subscription(subscription: shapes.Subscription) -> LiveSubscription:
    return LiveSubscription(
        id=subscription.id,
        customer_id=subscription.customer_id,
        status=subscription.status,
        collection_mode=subscription.collection_mode,
        scheduled_action=subscription.scheduled_change.action if subscription.scheduled_change else None,
    )


def _product_names(line_items: tuple[shapes.LineItem, ...]) -> tuple[str, ...]:
    """Name each product once, in the invoice's order: a change of seats makes two lines of one product."""
    return tuple(dict.fromkeys(item.product.name for item in line_items if item.product and item.product.name))


def _live_attempt(payment: shapes.Payment) -> LiveAttempt:
    details = payment.method_details
    method = details.type if details and details.type != "unknown" else None
    card = details.card if details and (method is None or method in CARDS) else None
    return LiveAttempt(
        at=payment.created_at,
        status=payment.status,
        code=payment.error_code,
        method=method,
        card_last4=(card.last4 or None) if card else None,
        card_brand=card.type if card and card.type != "unknown" else None,
        method_id=payment.payment_method_id,
    )


def _newest_first(attempts: list[LiveAttempt]) -> tuple[LiveAttempt, ...]:
    """Sort attempts by when they were made. If one doesn't say when, Paddle's own order stays: newest first."""
    times = [attempt.at for attempt in attempts if attempt.at is not None]
    if len(times) < len(attempts):
        return tuple(attempts)
    order = sorted(range(len(attempts)), key=lambda place: times[place], reverse=True)
    return tuple(attempts[place] for place in order)


def _entity_id(entity: object) -> str | None:
    found = entity.get("id") if isinstance(entity, dict) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _word(text: str | None) -> str | None:
    return text if text and _WORD.fullmatch(text) else None


def _problem(error: ValidationError) -> str:
    """Name the fields that are wrong, and how, without their values."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return ", ".join(f"{'.'.join(map(str, detail['loc'])) or 'body'} {detail['type']}" for detail in details)
