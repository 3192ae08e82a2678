"""What was seen of a storm from outside, as plain values. Times are seconds after it began, by the service's clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Debt:
    """A bill as Paddle has it. What has not come to pass is None."""

    id: str
    subscription: str
    customer: str
    address: str
    failed_at: float
    ended_at: float | None = None
    ended_as: str = ""
    """`paid` or `canceled`."""
    spared_from: float | None = None
    """Since when it is not to be mailed about although it is owed: it ends by itself, or the customer is archived."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the mail server took. `of` is the debt whose step it is, `debts` are all that it has links for."""

    at: float
    to: str
    of: str
    step: str
    debts: tuple[str, ...]
    content: str
    """All of it, or a digest of that."""


@dataclass(frozen=True, slots=True)
class Click:
    """A customer's request, and its answer. Status 0 is none at all."""

    at: float
    debt: str
    status: int
    leads: str = ""
    """`portal`, `login` or, where it leads nowhere, nothing; anything else is an address nobody should be sent to."""
    signs_in: str | None = None
    """Whom."""
    last: bool = False
    """Whether it was made when everything was over: then it has to lead where it should."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One of Paddle's requests, with every answer that it got; 0 is none."""

    event: str
    debt: str | None
    answers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A step as it is at rest."""

    state: str
    reason: str | None = None
    unknowns: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it is at rest."""

    state: str
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """Something that went on from a moment to another."""

    began: float
    ended: float

    def holds(self, moment: float) -> bool:
        """Tell whether it was going on."""
        return self.began <= moment <= self.ended


@dataclass(slots=True)
class History:
    """All of it."""

    rate_limit: int
    ended: float = 0.0
    """When it was looked at, with everything long done."""
    debts: dict[str, Debt] = field(default_factory=dict)
    news: dict[str, list[float]] = field(default_factory=dict)
    """When something happened to a customer that their mails may tell of."""
    mails: list[Mail] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    """When each call to Paddle's API began."""
    silenced: list[float] = field(default_factory=list)
    """When the mail server had a mail, and did not say so."""
    gaps: list[Span] = field(default_factory=list)
    """What was done in these times may not have been noted, or not for long: a worker died, or Redis forgot."""
    losses: list[Span] = field(default_factory=list)
    """Of which moments Redis forgot what it had acknowledged."""
    standstills: list[Span] = field(default_factory=list)
    """When a worker stood still."""
    unheard: bool = False
    """Whether some webhooks never came."""
    missed: int = 0
    """How many events Dunning read from Paddle that were new to it."""
    off: float = 0.0
    """By how much the clock of some process was wrong at most."""
    cases: dict[str, Case] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    """What there is at rest that should not be: how many, by what."""
    leaks: list[str] = field(default_factory=list)
    """What is where it must not be, a sentence each."""
    faults: list[str] = field(default_factory=list)
    """What our processes logged as a fault of their own."""
    ends: dict[str, int | None] = field(default_factory=dict)
    """How each process ended that was asked to."""
