"""The due index: which case is to be looked at when, and the sweep that hands what is due to the workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from dunning import queue, time_limits
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.jobs import BATCH, MOST_STEPS, Job
from dunning.rules.breaker import hour_of
from dunning.rules.delivery import LONGEST_RETRY
from dunning.rules.out_events import Brake, of_brake
from dunning.store import keys
from dunning.store.brakes import ALL, BY_BREAKER
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.limiter import WINDOW_MS, background_budget
from dunning.store.out_lines import out_lines

# What a killed worker held comes back after this long.
LEASE = time_limits.LEASE
# While the operator has something to mend, one case in this time finds out whether it was mended.
PROBE_EVERY = timedelta(seconds=30)
# A job that is to be smaller for want of room waits for more that comes within this time.
MORE_ROOM_WITHIN = timedelta(seconds=1)
# Whatever is tried is tried again in less.
NEXT_TRY_WITHIN = LONGEST_RETRY + LEASE
FORGOTTEN_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Sweep:
    """How many cases were handed over; where none were, `why` says what stands in the way."""

    moved: int
    why: str
    opened: int | None = None
    """New cases in this hour, where they made the breaker trip."""


class DueIndex:
    """The due index, with the budget that sending has to keep within."""

    def __init__(self, redis: RedisClient, limit: int) -> None:
        self._redis = redis
        self._budget = background_budget(limit)
        self._sweep = scripts.load(redis, "sweep")
        self._forget = scripts.load(redis, "forget")

    async def sweep(self, now: datetime, *, calls_per_case: int, most_opened: int | None = None) -> Sweep:
        """Hand what is due to the workers, as much as one job carries, with the API calls it takes reserved.

        They are one for the subscriptions of all and one for the transactions of each batch. A budget of one call a
        minute has room for one of the two, and for one batch.

        Args:
            now: what is due by then is taken.
            calls_per_case: calls each case takes beside those. Sharing would hardly matter, so the job is one batch.
            most_opened: new cases in this hour past which all mail is paused; None for any number.
        """
        job = uuid4().hex
        moved, why, *opened = await self._sweep(
            keys=[
                keys.DUE,
                queue.QUEUE,
                keys.API_LOG,
                keys.API_HOLD,
                keys.HOLDS,
                keys.PROBE,
                keys.PAUSED,
                keys.BREAKER_RELEASED,
                keys.OPENED,
                keys.LATE,
                keys.OUT_DESTINATIONS,
                keys.OUT_NEW,
            ],
            args=[
                to_milliseconds(now),
                round(LEASE.total_seconds() * 1000),
                BATCH if calls_per_case else min(MOST_STEPS, BATCH * max(1, self._budget - 1)),
                f"{queue.JOB_KEY}{Job.SEND_STEPS}:{job}",
                f"{Job.SEND_STEPS}:{job}",
                round(queue.KEEP_PAYLOAD.total_seconds() * 1000),
                Job.SEND_STEPS,
                self._budget,
                BATCH,
                min(1, self._budget - 1),
                calls_per_case,
                0 if calls_per_case else round(MORE_ROOM_WITHIN.total_seconds() * 1000),
                job,
                round(PROBE_EVERY.total_seconds() * 1000),
                WINDOW_MS,
                hour_of(now),
                "" if most_opened is None else most_opened,
                ALL,
                BY_BREAKER,
                round(queue.AHEAD.total_seconds() * 1000),
                *out_lines(of_brake(now, Brake.BREAKER, on=True)),
            ],
        )
        return Sweep(int(moved), why.decode(), *map(int, opened))

    async def next_up(self, first: int, count: int) -> list[tuple[str, datetime]]:
        """Return so many cases, those that come after the `first` ones, with when each is looked at next."""
        found = await self._redis.zrange(keys.DUE, first, first + count - 1, withscores=True)
        return [(case_id.decode(), from_milliseconds(int(at))) for case_id, at in found]

    async def when(self, case_ids: Sequence[str]) -> list[datetime | None]:
        """Return when each of these is looked at next; None for one that is over."""
        scores = await self._redis.zmscore(keys.DUE, list(case_ids)) if case_ids else []
        return [None if at is None else from_milliseconds(int(at)) for at in scores]

    async def late_since(self, case_ids: Sequence[str]) -> list[datetime | None]:
        """Return since when a step of each of these is late; None where none is."""
        scores = await self._redis.zmscore(keys.LATE, list(case_ids)) if case_ids else []
        return [None if at is None else from_milliseconds(int(at)) for at in scores]

    async def count_due(self, now: datetime) -> int:
        """Return how many cases are due to be looked at."""
        return int(await self._redis.zcount(keys.DUE, "-inf", to_milliseconds(now)))

    async def count_late(self) -> int:
        """Return of how many cases a step is late."""
        return int(await self._redis.zcard(keys.LATE))

    async def forget_not_late(self, now: datetime) -> None:
        """Take out what is not being tried. While versions are replaced, one that knows of no lateness leaves it in."""
        first = await self._redis.zrange(keys.LATE, 0, FORGOTTEN_AT_ONCE - 1)
        if first:
            soon = to_milliseconds(now + NEXT_TRY_WITHIN)
            looks = await self._redis.zmscore(keys.DUE, first)
            over = [case_id for case_id, at in zip(first, looks, strict=True) if at is None or at > soon]
            if over:
                await self._redis.zrem(keys.LATE, *over)

    async def put_back(self, case_ids: list[str], at: datetime, *, on_time: bool = False) -> None:
        """Have these looked at again at `at`. A case that is over stays over.

        `on_time` says that they wait as they are meant to. The others stay late since when they were due.
        """
        if not case_ids:
            return
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.DUE, {case_id: to_milliseconds(at) for case_id in case_ids}, xx=True)
            if on_time:
                pipe.zrem(keys.LATE, *case_ids)
            await pipe.execute()

    async def forget(self, case_id: str, revision: int) -> None:
        """Look at this no more: there is no such case, or it is over.

        If it was written since it was read with this revision (0 for no case), it is looked at as was said then. A
        case that Redis had forgotten may be back meanwhile, and nobody else would look at it.
        """
        await self._forget(keys=[keys.case(case_id), keys.DUE, keys.LATE], args=[case_id, revision])
