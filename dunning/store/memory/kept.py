"""What is kept in memory: one container for each of Redis' keys, with the same things in it."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.paddle.events import Event
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.out_events import OutEvent
from dunning.rules.story import Entry
from dunning.rules.tally import Counted, Sum
from dunning.store import keys
from dunning.store.traces import DeadEvent, Trace

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

    def left(self, key: K) -> timedelta:
        """Return for how long an entry still lives; none for one that does not."""
        return self._entries[key][1] - self._clock() if key in self else timedelta(0)

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
        entry = self._entries.get(key)
        return entry is not None and entry[1] > self._clock()

    def __iter__(self) -> Iterator[K]:
        """Give the keys of the entries that live."""
        return (key for key in list(self._entries) if key in self)


class PassingKeys(Passing[K, None]):
    """Keys with a time to live, and nothing under them."""

    def add(self, key: K, lives: timedelta) -> None:
        """Keep a key for so long."""
        self.put(key, None, lives)


class Stopped:
    """Cases that were stopped lately, by subscription. Those of one subscription are forgotten together."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._of = Passing[str, set[str]](clock)

    def of(self, subscription_id: str) -> set[str]:
        """Return the ids of the subscription's."""
        return self._of.get(subscription_id) or set()

    def add(self, subscription_id: str, case_id: str) -> None:
        """Keep a case, and with it the others for as long."""
        self._of.put(subscription_id, {*self.of(subscription_id), case_id}, keys.KEEP_MARK)

    def forget(self, subscription_id: str) -> None:
        """Forget all of a subscription's."""
        self._of.pop(subscription_id)

    def discard(self, subscription_id: str, case_id: str) -> None:
        """Forget a case: it did not end so after all."""
        self.of(subscription_id).discard(case_id)


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
    waits_since: dict[str, datetime] = field(default_factory=dict)
    """When an event of the inbox came in, or was last driven again."""
    counts: Counter[str] = field(default_factory=Counter)
    opened: Counter[int] = field(default_factory=Counter)
    sums: dict[date, Counter[str]] = field(default_factory=dict)
    lost: dict[Counted, datetime] = field(default_factory=dict)
    recovered: dict[Counted, datetime] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    events_queued: deque[str] = field(default_factory=deque)
    """Events that came, for a job that handles them together."""
    events_alone: deque[str] = field(default_factory=deque)
    """Events that are queued each by itself."""
    batches_queued: deque[Batch] = field(default_factory=deque)
    out_destinations: set[str] = field(default_factory=set)
    out_new: list[OutEvent] = field(default_factory=list)
    ended: PassingKeys[str] = field(init=False)
    """The ended cases that are not forgotten yet."""
    stopped: Stopped = field(init=False)
    marks: Passing[str, Mark] = field(init=False)
    handled: PassingKeys[str] = field(init=False)
    dead: Passing[str, DeadEvent] = field(init=False)
    traces: Passing[str, list[Trace]] = field(init=False)

    def __post_init__(self) -> None:
        """Make what goes by the clock."""
        self.ended = PassingKeys(self.clock)
        self.stopped = Stopped(self.clock)
        self.marks = Passing(self.clock)
        self.handled = PassingKeys(self.clock)
        self.dead = Passing(self.clock)
        self.traces = Passing(self.clock)

    def find(self, case_id: str) -> KeptCase | None:
        """Return the case, unless it ended so long ago that it is forgotten."""
        found = self.cases.get(case_id)
        if found is None or found.case.is_open or case_id in self.ended:
            return found
        del self.cases[case_id]
        return None

    def is_queued(self, event_id: str) -> bool:
        """Tell whether a job waits that will handle the event."""
        return event_id in self.events_queued or event_id in self.events_alone

    def handle(self, event_id: str) -> None:
        """Note that the event needs no more handling, whatever it was before."""
        self.inbox.pop(event_id, None)
        self.waits_since.pop(event_id, None)
        self.dead.pop(event_id)
        self.handled.add(event_id, keys.KEEP_HANDLED)

    def count(self, names: Iterable[str]) -> None:
        """Raise counters by one each."""
        for name in names:
            self.counts[name] += 1

    def tell(self, *events: OutEvent | None) -> None:
        """Write what is to be told, if there is somebody to tell."""
        if self.out_destinations:
            self.out_new += [event for event in events if event is not None]

    def sum_up(self, sums: Iterable[Sum]) -> None:
        """Add to the sums of days."""
        for one in sums:
            self.sums.setdefault(one.day, Counter())[one.field] += one.by

    def moment(self, at: datetime) -> datetime:
        """Return a moment as it is kept: as text, in whole milliseconds."""
        return from_milliseconds(to_milliseconds(at)) if self.as_text else at
