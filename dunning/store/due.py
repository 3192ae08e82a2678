"""The due index: which case is to be looked at when, and the sweep that hands what is due to the workers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from dunning import queue
from dunning.instants import to_milliseconds
from dunning.jobs import BATCH, Job
from dunning.store import keys, scripts
from dunning.store.connection import RedisClient
from dunning.store.limiter import WINDOW_MS, background_budget

# What a killed worker held comes back after this long.
LEASE = timedelta(seconds=60)
# While the operator has something to mend, one case in this time finds out whether it was mended.
PROBE_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Sweep:
    """How many cases were handed over; where none were, `why` says what stands in the way."""

    moved: int
    why: str


class DueIndex:
    """The due index, with the budget that sending has to keep within."""

    def __init__(self, redis: RedisClient, limit: int) -> None:
        self._redis = redis
        self._budget = background_budget(limit)
        self._sweep = scripts.load(redis, "sweep")

    async def sweep(self, now: datetime, *, calls_per_case: int) -> Sweep:
        """Hand one batch of what is due to the workers, with the API calls it takes reserved.

        Args:
            now: what is due by then is taken.
            calls_per_case: calls each case takes beside the two that a batch shares.
        """
        batch = uuid4().hex
        moved, why = await self._sweep(
            keys=[keys.DUE, queue.QUEUE, keys.API_LOG, keys.API_HOLD, keys.HOLDS, keys.PROBE],
            args=[
                to_milliseconds(now),
                round(LEASE.total_seconds() * 1000),
                BATCH,
                f"{queue.JOB_KEY}{Job.SEND_STEPS}:{batch}",
                f"{Job.SEND_STEPS}:{batch}",
                round(queue.KEEP_PAYLOAD.total_seconds() * 1000),
                Job.SEND_STEPS,
                self._budget,
                min(2, self._budget),
                calls_per_case,
                batch,
                round(PROBE_EVERY.total_seconds() * 1000),
                WINDOW_MS,
            ],
        )
        return Sweep(int(moved), why.decode())

    async def put_back(self, case_ids: list[str], at: datetime) -> None:
        """Have these looked at again at `at`. A case that is over stays over."""
        if case_ids:
            await self._redis.zadd(keys.DUE, {case_id: to_milliseconds(at) for case_id in case_ids}, xx=True)

    async def forget(self, case_id: str) -> None:
        """Look at this no more: there is no such case, or it is over."""
        await self._redis.zrem(keys.DUE, case_id)
