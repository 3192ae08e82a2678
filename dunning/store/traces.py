"""What is left of events where no case tells of them: those that died, and ends that came before their beginnings."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.paddle.events import Event
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

# Nobody reads further back at three in the morning, and each is a look into Redis.
NEWEST = 1_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A debt or a subscription ended before a case of it was opened: how, and when."""

    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An event whose handling failed for good, and why."""

    event_id: str
    at: datetime
    reason: str
    event_type: str | None = None
    """Paddle's name of what happened, where that is asked for."""
    event: Event | None = None
    """The event itself, where it is asked for and is not malformed."""
    about: str | None = None
    """What a malformed one is about, where it is asked for and its id can be read."""


@dataclass(frozen=True, slots=True)
class Trace:
    """An event of a transaction that came to no case: what it was, and what it came to, in the rules' word for it."""

    at: datetime
    event_type: str
    event_id: str
    came_to: str

    def at_rest(self) -> str:
        """Return it as Redis holds it."""
        return f"{to_milliseconds(self.at)} {self.event_type} {self.event_id} {self.came_to}"

    @classmethod
    def from_rest(cls, text: str) -> Self:
        """Return what `at_rest` wrote."""
        at, event_type, event_id, came_to = text.split(" ", 3)
        return cls(from_milliseconds(int(at)), event_type, event_id, came_to)


class Traces:
    """Reads what events left behind."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def mark(self, entity_id: str) -> Mark | None:
        """Return the mark of a transaction or subscription."""
        entry = await self._redis.get(keys.mark(entity_id))
        if entry is None:
            return None
        state, _, at = entry.decode().rpartition(" ")
        return Mark(state, from_milliseconds(int(at)))

    async def events(self, transaction_id: str) -> list[Trace]:
        """Return the last events of a transaction that came to no case, oldest first."""
        found = await self._redis.lrange(keys.trace(transaction_id), 0, -1)
        return [Trace.from_rest(line.decode()) for line in found]

    async def dead_events(self, entity_ids: Collection[str]) -> list[DeadEvent]:
        """Return the dead events that name any of these transactions or subscriptions, oldest first."""
        dead = await self._redis.zrange(keys.DEAD, -NEWEST, -1, withscores=True)
        entries = await self._redis.mget([keys.event(event_id.decode()) for event_id, _ in dead]) if dead else []
        found = []
        for (event_id, at), entry in zip(dead, entries, strict=True):
            reason, _, event = (entry or b"").decode()[1:].partition("\n")
            if any(f'"{entity_id}"' in event for entity_id in entity_ids):
                found.append(DeadEvent(event_id.decode(), from_milliseconds(int(at)), reason))
        return found
