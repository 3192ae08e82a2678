"""The shapes of Paddle's answers, cut down to the fields we use. Everything else is dropped while parsing.

https://developer.paddle.com/api-reference/overview
"""

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

Row = TypeVar("Row")


class Answer(BaseModel):
    """Anything in an answer. It shows no field in its repr: answers name people and hold tokens."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Give no arguments to show."""
        return ()


def _none_to_list(value: object) -> object:
    return [] if value is None else value


def _none_if_malformed(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


# What only tells more: a debt that can't be dated is owed all the same.
IfReadable = Annotated[Row | None, WrapValidator(_none_if_malformed)]

Rows = Annotated[tuple[Row, ...], BeforeValidator(_none_to_list)]


class Identified(Answer):
    """An entity of which only the id is wanted."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+_[a-z0-9]{26}$")]


class Product(Answer):
    """A product of the catalogue."""

    name: str | None = None


class LineItem(Answer):
    """One line of the invoice."""

    product: Product | None = None


class Price(Answer):
    """What a price is of."""

    id: str
    product_id: str | None = None


class Item(Answer):
    """One item of a transaction: https://developer.paddle.com/api-reference/transactions/overview."""

    price: Price


class Totals(Answer):
    """The sums, as strings in minor units: https://developer.paddle.com/api-reference/about/data-types."""

    balance: int | None = None
    grand_total: int | None = None
    currency_code: str | None = None

    @property
    def due(self) -> int:
        """What is still owed: `balance` is after credits and payments, `grand_total` before. ValueError without any."""
        found = self.balance if self.balance is not None else self.grand_total
        if found is None:
            raise ValueError("details.totals.balance missing")
        return found


class Details(Answer):
    """The calculated part of a transaction."""

    totals: Totals
    line_items: Rows[LineItem] = ()


class Card(Answer):
    """A card, if the attempt used one."""

    type: IfReadable[str] = None
    last4: str | None = None


class Method(Answer):
    """What an attempt charged."""

    type: str | None = None
    card: Card | None = None


class Payment(Answer):
    """One collection attempt."""

    status: str = "unknown"
    error_code: str | None = None
    created_at: AwareDatetime | None = None
    payment_method_id: IfReadable[str] = None
    method_details: Method | None = None


class Customer(Answer):
    """A customer, when asked for by `include=customer`."""

    id: str
    status: str = "unknown"
    email: str | None = None
    name: str | None = None
    locale: str | None = None


class Address(Answer):
    """An address, when asked for by `include=address`."""

    country_code: str | None = None


class Period(Answer):
    """What a bill is for."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Transaction(Answer):
    """A transaction."""

    id: str
    status: str
    subscription_id: str | None = None
    collection_mode: str
    currency_code: str | None = None
    billed_at: IfReadable[AwareDatetime] = None
    billing_period: IfReadable[Period] = None
    items: IfReadable[tuple[Item, ...]] = None
    details: Details
    payments: Rows[Payment] = ()
    customer: Customer | None = None
    address: Address | None = None

    @property
    def currency(self) -> str:
        """The totals' currency, else the transaction's own. ValueError without any."""
        found = self.details.totals.currency_code or self.currency_code
        if not found:
            raise ValueError("currency_code missing")
        return found


class ScheduledChange(Answer):
    """What a subscription will do by itself."""

    action: str


class Subscription(Answer):
    """A subscription, without its `management_urls`: they hold a token."""

    id: str
    customer_id: str
    status: str
    collection_mode: str
    scheduled_change: ScheduledChange | None = None


class Pagination(Answer):
    """Where a list goes on. `next` is there on the last page too, so only `has_more` tells whether there is one."""

    has_more: bool = False
    next: str | None = None


class ListMeta(Answer):
    """What surrounds a list."""

    pagination: Pagination = Pagination()


class ListAnswer(Answer):
    """A list, its entities still unread."""

    data: list[Any]
    meta: ListMeta = ListMeta()


class SessionLinks(Answer):
    """A session's links for one subscription. `view_subscription` exists since 2026-09-28."""

    id: str
    update_subscription_payment_method: str
    cancel_subscription: str
    view_subscription: str | None = None


class General(Answer):
    """A session's links for the customer as a whole."""

    overview: str


class Urls(Answer):
    """A session's links."""

    general: General
    subscriptions: Rows[SessionLinks] = ()


class Session(Answer):
    """A portal session."""

    id: str
    customer_id: str
    created_at: AwareDatetime
    urls: Urls


class SessionAnswer(Answer):
    """The answer that holds a portal session."""

    data: Session


class Account(Answer):
    """A seller's account. Paddle's own tokens know it by a number."""

    id: str | int


class Caller(Answer):
    """Who Paddle says that we are. `permissions` are those of the key, where it has any."""

    account: Account | None = None
    permissions: IfReadable[tuple[str, ...]] = None


class Root(Answer):
    """The API's root."""

    caller: Caller


class RootAnswer(Answer):
    """The answer that holds the API's root."""

    data: Root


class ErrorBody(Answer):
    """What went wrong."""

    code: str | None = None


class ErrorMeta(Answer):
    """What surrounds an error."""

    request_id: str | None = None


class ErrorAnswerBody(Answer):
    """An error answer."""

    error: ErrorBody = ErrorBody()
    meta: ErrorMeta = ErrorMeta()
