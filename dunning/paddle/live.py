"""What Paddle says now, read the moment before a mail is written and forgotten after it."""

from dataclasses import dataclass, field
from datetime import datetime

# The statuses of attempts that may still succeed by themselves. `action_required` is not among them: it waits for the
# customer. `payments[].status` at https://developer.paddle.com/api-reference/transactions/overview
STILL_UNDER_WAY = frozenset({"authorized", "authorized_flagged", "captured", "created", "pending_no_action_required"})

# Methods that are a card, or hold one. `payments[].method_details.type` at
# https://developer.paddle.com/api-reference/transactions/overview; an unknown method may be anything.
CARDS = frozenset({"apple_pay", "card", "google_pay", "samsung_pay", "south_korea_local_card"})


@dataclass(frozen=True, slots=True)
class LiveAttempt:
    """One collection attempt: `at` when it was made, `code` why it was declined, `method` what was charged.

    `method` is Paddle's word, such as `card` or `paypal`; an open set.
    """

    at: datetime | None
    status: str
    code: str | None
    method: str | None = None
    card_last4: str | None = field(default=None, repr=False)
    card_brand: str | None = None
    """Paddle's word for the card's network, such as `visa`; an open set."""
    method_id: str | None = None
    """The payment method that was charged, where Paddle tells it."""

    @property
    def failed(self) -> bool:
        """Whether the charge was declined or broke."""
        return self.status == "error"

    @property
    def is_under_way(self) -> bool:
        """Whether it may still become money."""
        return self.status in STILL_UNDER_WAY


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
    attempts: tuple[LiveAttempt, ...]  # newest first
    customer: LiveCustomer | None
    billed_at: datetime | None = None
    period: tuple[datetime, datetime] | None = None
    """What the bill is for: from when, and to when."""
    product_ids: tuple[str, ...] = ()
    price_ids: tuple[str, ...] = ()
    total: int | None = field(default=None, repr=False)
    """The bill's total in minor units, for the sums that name nobody."""

    @property
    def newest_attempt(self) -> LiveAttempt | None:
        """The newest collection attempt, however it went."""
        return self.attempts[0] if self.attempts else None

    @property
    def failure(self) -> LiveAttempt | None:
        """The newest attempt that failed. Its reason, method and card are the ones that are told."""
        return next((attempt for attempt in self.attempts if attempt.failed), None)


@dataclass(frozen=True, slots=True)
class LiveSubscription:
    """A subscription. `scheduled_action` is what it will do by itself: `cancel`, `pause`, `resume` or nothing."""

    id: str
    customer_id: str
    status: str
    collection_mode: str
    scheduled_action: str | None
