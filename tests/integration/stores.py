"""Both stores behind one face: what their suite does to them that no method of theirs does."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from dunning import queue
from dunning.rules.breaker import hour_of
from dunning.store import Store, keys
from dunning.store.memory import MemoryStore
from tests.integration.at_rest import NOW, redis_of
from worker import ports

Either: TypeAlias = Store | MemoryStore
Batches: TypeAlias = list[tuple[list[str], list[str]]]


class Hands(Protocol):
    """What can be done to a store of either kind from outside, and seen of it."""

    @property
    def store(self) -> Either: ...
    async def let_pass(self, span: timedelta) -> None: ...
    async def lose_jobs(self) -> None: ...
    async def count_opened(self, at: datetime, count: int) -> None: ...
    async def counts(self) -> dict[str, int]: ...
    async def waiting(self) -> int: ...
    async def batches(self) -> Batches: ...
    async def events(self) -> set[str]: ...
    async def told(self) -> list[dict[str, Any]]: ...


class RedisHands:
    """The Redis store. Its server's clock can't be moved, so all that goes by it is moved into the past."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._redis = redis_of(store)

    @property
    def redis(self) -> Any:  # noqa: ANN401 - as in `redis_of`
        """Give the client behind it."""
        return self._redis

    async def let_pass(self, span: timedelta) -> None:
        """Let time pass by the store's own clock."""
        milliseconds = round(span.total_seconds() * 1000)
        for member, score in await self._redis.zrange(keys.API_LOG, 0, -1, withscores=True):
            await self._redis.zadd(keys.API_LOG, {member: score - milliseconds})
        for key in await self._redis.keys("*"):
            left = await self._redis.pttl(key)
            if left > 0:
                await self._redis.pexpire(key, left - milliseconds)

    async def lose_jobs(self) -> None:
        """Lose all that is queued."""
        await self._redis.delete(queue.QUEUE)

    async def count_opened(self, at: datetime, count: int) -> None:
        """Say how many cases were opened in an hour."""
        await self._redis.hset(keys.OPENED, hour_of(at), count)

    async def counts(self) -> dict[str, int]:
        """Give the counters."""
        return {name.decode(): int(count) for name, count in (await self._redis.hgetall(keys.COUNTS)).items()}

    async def waiting(self) -> int:
        """Give how many debts wait for the operator's word."""
        return int(await self._redis.get(keys.RECONCILE_WAITING))

    async def batches(self) -> Batches:
        """Give the cases and the grants of each batch that is queued."""
        found = [queue.deserialize(await self._redis.get(key)) for key in await self._jobs("send_steps")]
        return sorted(((cases, grants) for cases, grants in (job["a"] for job in found)), key=lambda one: one[0])

    async def events(self) -> set[str]:
        """Give the ids of the events that are queued."""
        jobs = [queue.deserialize(await self._redis.get(key)) for key in await self._jobs("handle_event")]
        return {event_id for job in jobs for event_id in (job["a"][0] if job["f"] == "handle_events" else job["a"])}

    async def told(self) -> list[dict[str, Any]]:
        """Give what the seller's programs are to be told, and was not shared out yet."""
        lines = await self._redis.lrange(keys.OUT_NEW, 0, -1)
        return [json.loads(line.partition(b" ")[2]) for line in lines]

    async def _jobs(self, name: str) -> Sequence[str]:
        ids = [job_id.decode() for job_id in await self._redis.zrange(queue.QUEUE, 0, -1)]
        return [queue.JOB_KEY + job_id for job_id in ids if job_id.startswith(name)]


class MemoryHands:
    """The store in memory, with a clock of its own."""

    def __init__(self, *, rate_limit: int = 200) -> None:
        self._now = NOW
        self.store = MemoryStore(lambda: self._now, rate_limit=rate_limit)

    async def let_pass(self, span: timedelta) -> None:
        """Let time pass by the store's own clock."""
        self._now += span

    async def lose_jobs(self) -> None:
        """Lose all that is queued."""
        self.store.kept.events_queued.clear()
        self.store.kept.events_alone.clear()
        self.store.kept.batches_queued.clear()

    async def count_opened(self, at: datetime, count: int) -> None:
        """Say how many cases were opened in an hour."""
        self.store.kept.opened[hour_of(at)] = count

    async def counts(self) -> dict[str, int]:
        """Give the counters."""
        return {name: count for name, count in self.store.kept.counts.items() if count}

    async def waiting(self) -> int:
        """Give how many debts wait for the operator's word."""
        return self.store.reconciling.waiting

    async def batches(self) -> Batches:
        """Give the cases and the grants of each batch that is queued."""
        return sorted(
            ((batch.case_ids, batch.grant_ids) for batch in self.store.kept.batches_queued), key=lambda b: b[0]
        )

    async def events(self) -> set[str]:
        """Give the ids of the events that are queued."""
        queued = Counter([*self.store.kept.events_queued, *self.store.kept.events_alone])
        assert set(queued.values()) <= {1}, "an event is queued twice"
        return set(queued)

    async def told(self) -> list[dict[str, Any]]:
        """Give what the seller's programs are to be told."""
        return [json.loads(event.body()) for event in self.store.kept.out_new]


def as_port(store: Either) -> ports.Store:
    """Give a store as the worker knows it. Where one of them doesn't fill its ports, mypy says so here."""
    return store
