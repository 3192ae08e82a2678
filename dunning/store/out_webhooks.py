"""What the seller's programs are to be told: what waits for each destination, what died, and when it is tried next.

A destination is known here by its name alone: its URL and its secret are no business of Redis'.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from dunning import queue
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient

AT_ONCE = 500
GONE: Final = "gone"
NOT_SET: Final = "destination_not_set"


@dataclass(frozen=True, slots=True)
class Unsent:
    """An event that a destination has not got."""

    destination: str
    id: str
    tries: int
    since: datetime
    why: str
    """Why the last try failed, in a stable word; empty where none did."""
    body: str

    @property
    def field(self) -> str:
        """Return what it is known by in Redis."""
        return f"{self.destination} {self.id}"

    def written(self) -> str:
        """Return it as Redis holds it."""
        return f"{self.tries} {to_milliseconds(self.since)} {self.why}\n{self.body}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that is tried again, and when."""

    event: Unsent
    at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """One that is given up, and since when."""

    event: Unsent
    at: datetime


class OutWebhooks:
    """The events that are to be told, by destination."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._sweep = scripts.load(redis, "out_sweep")
        self._end = scripts.load(redis, "out_end")
        self._bury = scripts.load(redis, "out_bury")

    async def register(self, destinations: Collection[str], now: datetime) -> int:
        """Have what happens from now on told to these, and to no others. Returns how many events others did not get.

        What waits for a destination that is no more is dead. A destination that wanted no more is tried anew.
        """
        before = await self.destinations()
        buried = 0
        for name in before - set(destinations):
            buried += await self.bury_all(name, NOT_SET, now)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.OUT_DESTINATIONS, *(keys.out_rest(name) for name in {*before, *destinations}))
            if destinations:
                pipe.sadd(keys.OUT_DESTINATIONS, *destinations)
            else:
                pipe.delete(keys.OUT_NEW)
            await pipe.execute()
        await self.sweep((), now)
        return buried

    async def destinations(self) -> set[str]:
        """Return the names of those that are told."""
        return {one.decode() for one in await self._redis.smembers(keys.OUT_DESTINATIONS)}

    async def sweep(self, destinations: Sequence[str], now: datetime) -> int:
        """Share out what is new, and queue a job for each destination with something due. Returns how many were."""
        own: list[str] = []
        args: list[str | int | bytes] = []
        for name in destinations:
            job_id = queue.tell_destination_job_id(name)
            own += [keys.out_due(name), keys.out_rest(name), queue.JOB_KEY + job_id]
            args += [name, job_id, queue.tell_destination_payload(name, now)]
        return int(
            await self._sweep(
                keys=[keys.OUT_NEW, keys.OUT_EVENTS, keys.OUT_UNSENT, keys.OUT_DEAD, queue.QUEUE, *own],
                args=[
                    to_milliseconds(now),
                    AT_ONCE,
                    round(queue.KEEP_PAYLOAD.total_seconds() * 1000),
                    to_milliseconds(now - keys.KEEP_OUT_DEAD),
                    *args,
                ],
            )
        )

    async def due(self, destination: str, now: datetime, count: int) -> list[Unsent]:
        """Return so many of what the destination is to be told now, what is longest due first."""
        due = keys.out_due(destination)
        ids = [one.decode() for one in await self._redis.zrangebyscore(due, "-inf", to_milliseconds(now), 0, count)]
        return [one async for one in self._read([f"{destination} {event_id}" for event_id in ids])]

    async def told(self, event: Unsent) -> None:
        """Note that its destination has got it."""
        await self._ends(event, "told", event, event.since)

    async def again(self, event: Unsent, why: str, at: datetime) -> None:
        """Have it tried again at `at`, after another try in vain."""
        failed = replace(event, tries=event.tries + 1, why=why)
        await self._ends(event, "again", failed, at)

    async def give_up(self, event: Unsent, why: str, now: datetime) -> None:
        """Have it tried no more."""
        await self._ends(event, "dead", replace(event, tries=event.tries + 1, why=why), now)

    async def bury_all(self, destination: str, why: str, now: datetime) -> int:
        """Give up all that waits for a destination, and return how many that were."""
        buried = 0
        while some := await self._bury(
            keys=self._keys(destination), args=[destination, why, to_milliseconds(now), AT_ONCE]
        ):
            buried += int(some)
        return buried

    async def rest(self, destination: str, span: timedelta) -> None:
        """Leave a destination alone for a while."""
        await self._redis.set(keys.out_rest(destination), "1", px=max(1, round(span.total_seconds() * 1000)))

    async def is_gone(self, destination: str) -> bool:
        """Return whether the destination said that it wants no more."""
        return bool(await self._redis.get(keys.out_rest(destination)) == GONE.encode())

    async def gone(self, destination: str) -> None:
        """Note that the destination wants no more: what comes dies untried until a worker starts or one is replayed."""
        await self._redis.set(keys.out_rest(destination), GONE)

    async def waiting(self, first: int, count: int) -> list[Waiting]:
        """Return so many of what waits, the oldest first, those that come after the `first` ones."""
        fields = [one.decode() for one in await self._redis.zrange(keys.OUT_UNSENT, first, first + count - 1)]
        events = [one async for one in self._read(fields)]
        async with self._redis.pipeline(transaction=False) as pipe:
            for event in events:
                pipe.zscore(keys.out_due(event.destination), event.id)
            at = await pipe.execute()
        return [Waiting(event, _moment(score)) for event, score in zip(events, at, strict=True) if score is not None]

    async def dead(self) -> list[Dead]:
        """Return what is given up, the oldest first."""
        found = await self._redis.zrange(keys.OUT_DEAD, 0, -1, withscores=True)
        at = {field.decode(): _moment(score) for field, score in found}
        return [Dead(one, at[one.field]) async for one in self._read([*at])]

    async def replay(self, event: Unsent, now: datetime) -> bool:
        """Have it tried anew at once, from the first try on, and return whether it was still there."""
        if await self.is_gone(event.destination):
            await self._redis.delete(keys.out_rest(event.destination))
        return await self._ends(event, "replayed", replace(event, tries=0, why="", since=now), now)

    async def drop(self, event: Unsent) -> bool:
        """Let go of it, and return whether it was still there."""
        return await self._ends(event, "dropped", event, event.since)

    async def _ends(self, event: Unsent, outcome: str, entry: Unsent, at: datetime) -> bool:
        args: list[str | int] = [event.destination, event.id, outcome, entry.written(), to_milliseconds(at)]
        return bool(await self._end(keys=self._keys(event.destination), args=args))

    @staticmethod
    def _keys(destination: str) -> list[str]:
        return [keys.OUT_EVENTS, keys.OUT_UNSENT, keys.out_due(destination), keys.OUT_DEAD, keys.COUNTS]

    async def _read(self, fields: Sequence[str]) -> AsyncIterator[Unsent]:
        for first in range(0, len(fields), AT_ONCE):
            some = fields[first : first + AT_ONCE]
            for field, entry in zip(some, await self._redis.hmget(keys.OUT_EVENTS, some), strict=True):
                if entry is not None:
                    yield parse(field, entry)


def parse(field: str, entry: bytes) -> Unsent:
    """Return the event that Redis holds so."""
    destination, _, event_id = field.partition(" ")
    head, _, body = entry.decode().partition("\n")
    tries, since, why = head.split(" ", 2)
    return Unsent(destination, event_id, int(tries), from_milliseconds(int(since)), why, body)


def _moment(score: float) -> datetime:
    return from_milliseconds(int(score))
