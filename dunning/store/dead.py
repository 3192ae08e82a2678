"""Dead events: those whose handling failed for good, and those that are malformed."""

from collections.abc import Sequence

from pydantic import ValidationError

from dunning.instants import from_milliseconds
from dunning.paddle.events import Event
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.traces import DeadEvent

AT_ONCE = 500


class Dead:
    """The dead events, for as long as Paddle could send them again."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._drop = scripts.load(redis, "drop")

    async def all(self) -> list[DeadEvent]:
        """Return every dead event, the oldest first. One whose entry is gone is left out."""
        return await self._read(await self._redis.zrange(keys.DEAD, 0, -1, withscores=True))

    async def newest(self, first: int, count: int) -> list[DeadEvent]:
        """Return so many dead events, those that come after the `first` ones, the newest first."""
        return await self._read(
            await self._redis.zrange(keys.DEAD, first, first + count - 1, desc=True, withscores=True)
        )

    async def these(self, event_ids: Sequence[str]) -> list[DeadEvent]:
        """Return those of these events that are dead."""
        scores = await self._redis.zmscore(keys.DEAD, list(event_ids)) if event_ids else []
        dead = [(event_id.encode(), at) for event_id, at in zip(event_ids, scores, strict=True) if at is not None]
        return await self._read(dead)

    async def _read(self, dead: Sequence[tuple[bytes, float]]) -> list[DeadEvent]:
        found: list[DeadEvent] = []
        for first in range(0, len(dead), AT_ONCE):
            some = dead[first : first + AT_ONCE]
            entries = await self._redis.mget([keys.event(event_id.decode()) for event_id, _ in some])
            found += [
                _parse(event_id.decode(), int(at), entry)
                for (event_id, at), entry in zip(some, entries, strict=True)
                if entry is not None and entry[:1] == b"d"
            ]
        return found

    async def drop(self, event_ids: Sequence[str]) -> list[str]:
        """Handle these no more, and return those that were dead. What of them comes again is a duplicate for days."""
        keep_ms = round(keys.KEEP_HANDLED.total_seconds() * 1000)
        return [
            event_id
            for event_id in event_ids
            if await self._drop(keys=[keys.event(event_id), keys.DEAD], args=[event_id, keep_ms])
        ]


def _parse(event_id: str, at: int, entry: bytes) -> DeadEvent:
    reason, _, rest = entry.decode()[1:].partition("\n")
    try:
        event = Event.model_validate_json(rest)
    except ValidationError:
        # A malformed one: its label, its notification, its time, and ids that could be read.
        label, about = rest.partition(" ")[0], rest.partition(' "')[2].partition('"')[0]
        return DeadEvent(event_id, from_milliseconds(at), reason, label or None, about=about or None)
    return DeadEvent(event_id, from_milliseconds(at), reason, event.type.value, event)
