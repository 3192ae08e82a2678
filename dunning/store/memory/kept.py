"""What is kept in memory: one container for each of Redis' keys, with the same things in it."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.paddle.events import Event
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.story import Entry

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Passing(Generic[K, V]):
    """Entries with a time to live, each by the clock of who keeps them."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._entries: dict[K, tuple[V, datetime]] = {}

    def get(self, key: K) -> V | None:
        """Return an entry that lives."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[1] <= self._clock():
            del self._entries[key]
            return None
        return entry[0]

    def put(self, key: K, value: V, lives: timedelta) -> None:
        """Keep an entry for so long."""
        self._entries[key] = (value, self._clock() + lives)

    def pop(self, key: K) -> V | None:
        """Forget an entry, and return it if it lived."""
        value = self.get(key)
        self._entries.pop(key, None)
        return value

    def __contains__(self, key: K) -> bool:
        """Tell whether there is an entry that lives."""
        self.get(key)
        return key in self._entries

    def __iter__(self) -> Iterator[K]:
        """Give the keys of the entries that live."""
        return (key for key in list(self._entries) if key in self)


class PassingKeys(Passing[K, None]):
    """Keys with a time to live, and nothing under them."""

    def add(self, key: K, lives: timedelta) -> None:
        """Keep a key for so long."""
        self.put(key, None, lives)


class Mark(NamedTuple):
    """What ended before a case of it was opened, and since when (ms)."""

    word: str
    since: int


@dataclass(slots=True)
class KeptCase:
    """A case with its revision and its story."""

    case: Case
    revision: int
    story: list[tuple[datetime, Entry]] = field(default_factory=list)


class Batch(NamedTuple):
    """A `send_steps` job: its cases, and the API calls reserved for them."""

    case_ids: list[str]
    grant_ids: list[str]


@dataclass(slots=True)
class Kept:
    """Everything at rest. `clock` is the store's own; `told` hears each entry of each case's story."""

    clock: Callable[[], datetime]
    as_text: bool
    told: Callable[[str, Entry, datetime], None] | None
    cases: dict[str, KeptCase] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    late: dict[str, datetime] = field(default_factory=dict)
    of_customer: dict[str, set[str]] = field(default_factory=dict)
    inbox: dict[str, Event] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    opened: Counter[int] = field(default_factory=Counter)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    events_queued: deque[str] = field(default_factory=deque)
    batches_queued: deque[Batch] = field(default_factory=deque)
    ended: PassingKeys[str] = field(init=False)
    """The ended cases that are not forgotten yet."""
    stopped: PassingKeys[tuple[str, str]] = field(init=False)
    """By subscription and case."""
    marks: Passing[str, Mark] = field(init=False)
    handled: PassingKeys[str] = field(init=False)
    dead: Passing[str, tuple[Event | None, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Make what goes by the clock."""
        self.ended = PassingKeys(self.clock)
        self.stopped = PassingKeys(self.clock)
        self.marks = Passing(self.clock)
        self.handled = PassingKeys(self.clock)
        self.dead = Passing(self.clock)

    def moment(self, at: datetime) -> datetime:
        """Return a moment as it is kept: as text, in whole milliseconds."""
        return from_milliseconds(to_milliseconds(at)) if self.as_text else at
