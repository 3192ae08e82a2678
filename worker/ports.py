"""What the worker's jobs need of the world: each a part of a store, of Paddle, of a mail server, of a writer of mails.

The worker fills these with Redis, Paddle's API and SMTP. The rehearsal and the tests fill them with values in memory,
and run the same jobs.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

from dunning.casebook import write
from dunning.casebook.campaigns import CampaignVersions
from dunning.errors import OperatorMustActError
from dunning.links import Purpose
from dunning.paddle.events import Event
from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle.portal import PortalSession
from dunning.paddle_api.grants import Grant
from dunning.rules.story import Entry
from dunning.store import Exclusion, Hold, InVain, Paused, Sweep, Versioned, Way
from dunning.store.refusals import Row
from worker.letters.values import MailFacts


class Brakes(Protocol):
    """The operator's brakes."""

    async def paused(self) -> Paused: ...
    async def park(self, campaign: str, case_ids: Sequence[str], now: datetime) -> bool: ...


class Cases(write.Cases, Protocol):
    """Cases at rest."""

    async def read_versioned(self, case_ids: Sequence[str]) -> list[Versioned]: ...
    async def open_of_customers(self, customer_ids: Sequence[str]) -> list[list[str]]: ...
    async def open_or_just_stopped(self, customer_id: str, subscription_id: str) -> list[str]: ...
    async def note(self, case_id: str, entry: Entry, now: datetime) -> None: ...


class DueIndex(Protocol):
    """When cases are looked at next."""

    async def sweep(self, now: datetime, *, calls_per_case: int, most_opened: int | None = None) -> Sweep: ...
    async def put_back(self, case_ids: list[str], at: datetime, *, on_time: bool = False) -> None: ...
    async def forget(self, case_id: str) -> None: ...


class Exclusions(Protocol):
    """Customers and subscriptions that get no mail."""

    async def of(self, entity_ids: Collection[str]) -> list[Exclusion]: ...


class Holds(Protocol):
    """What stops sending until the operator has mended it."""

    async def raise_(self, error: OperatorMustActError, now: datetime) -> bool: ...
    async def release(self, *words: str, began_at: datetime, shows: Iterable[str] = ()) -> list[str]: ...
    async def look_again(self) -> None: ...
    async def all(self) -> list[Hold]: ...


class TriesInVain(Protocol):
    """Since when a way was tried without one success."""

    async def note(self, way: Way, why: str, now: datetime) -> InVain | None: ...
    async def look(self, way: Way, now: datetime) -> InVain | None: ...
    async def works(self, way: Way) -> None: ...


class Inbox(Protocol):
    """Events that are to be handled."""

    async def read(self, event_id: str) -> Event | None: ...
    async def mark_handled(self, event_id: str) -> None: ...
    async def give_up(self, event_id: str, reason: str, now: datetime) -> bool: ...
    async def redrive(self, now: datetime) -> int: ...


class Limiter(Protocol):
    """The API budget."""

    async def give_back(self, grants: Sequence[Grant]) -> None: ...


class Refusals(Protocol):
    """Customers whose mails were refused in a row."""

    async def note(self, customer_id: str, *, about_recipient: bool) -> Row: ...
    async def accepted(self, now: datetime) -> None: ...
    async def accepted_at(self) -> datetime | None: ...


class Seen(Protocol):
    """Live states kept for a moment."""

    async def keep(self, subscriptions: Iterable[LiveSubscription]) -> None: ...
    async def take(self, subscription_ids: Sequence[str]) -> dict[str, LiveSubscription]: ...


class Suppressions(Protocol):
    """Addresses that are not to be mailed."""

    async def has(self, address_keys: Sequence[str]) -> bool: ...


class Store(Protocol):
    """All that the jobs keep."""

    @property
    def brakes(self) -> Brakes: ...
    @property
    def campaigns(self) -> CampaignVersions: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def due(self) -> DueIndex: ...
    @property
    def exclusions(self) -> Exclusions: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def in_vain(self) -> TriesInVain: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def limiter(self) -> Limiter: ...
    @property
    def refusals(self) -> Refusals: ...
    @property
    def seen(self) -> Seen: ...
    @property
    def suppressions(self) -> Suppressions: ...


class Paddle(Protocol):
    """What is asked of Paddle before a mail, and made for it."""

    async def read_transactions(self, ids: Sequence[str], grant: Grant) -> Mapping[str, LiveTransaction]: ...
    async def read_subscriptions(self, ids: Sequence[str], grant: Grant) -> Mapping[str, LiveSubscription]: ...
    async def create_portal_session(
        self, customer_id: str, subscription_ids: Sequence[str], grant: Grant
    ) -> PortalSession: ...


class Writer(Protocol):
    """Writes mails."""

    def has_template(self, name: str) -> bool: ...
    def names_all(self, template: str) -> bool: ...
    def render(self, facts: MailFacts) -> EmailMessage: ...


class Links(Protocol):
    """Makes payment links."""

    def sign(self, case_id: str, expires_at: datetime, purpose: Purpose = Purpose.PAY) -> str: ...
