"""What Paddle says now, read the moment before a mail is written and forgotten after it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LiveAttempt:
    """One collection attempt: `at` when it was made, `code` why it was declined."""

    at: datetime | None
    status: str
    code: str | None


@dataclass(frozen=True, slots=True)
class LiveCustomer:
    """A customer. The parts that name a person never reach a repr, and so no log."""

    id: str
    status: str
    email: str | None = field(repr=False)
    name: str | None = field(repr=False)
    locale: str
    country_code: str | None


@dataclass(frozen=True, slots=True)
class LiveTransaction:
    """A debt. `balance` is what is still due, in the currency's minor units."""

    id: str
    status: str
    subscription_id: str | None
    collection_mode: str
    balance: int = field(repr=False)
    currency_code: str
    product_names: tuple[str, ...] = field(repr=False)
    card_last4: str | None = field(repr=False)
    attempts: tuple[LiveAttempt, ...]  # newest first
    customer: LiveCustomer | None


@dataclass(frozen=True, slots=True)
class LiveSubscription:
    """A subscription. `scheduled_action` is what it will do by itself: `cancel`, `pause`, `resume` or nothing."""

    id: str
    customer_id: str
    status: str
    collection_mode: str
    scheduled_action: str | None
