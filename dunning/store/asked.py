"""Cases that are counted, and about which Paddle is still to be asked.

Losses wait for their amounts, recoveries for their causes: see `dunning.rules.losses`, `dunning.rules.recoveries` and
`commit.lua`.
"""

from collections.abc import Sequence
from datetime import date, datetime

from dunning.instants import to_milliseconds
from dunning.rules.tally import Counted, Sum
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient


class ToAsk:
    """What waits under a key, by when it was counted."""

    def __init__(self, redis: RedisClient, key: str) -> None:
        self._redis = redis
        self._key = key
        self._take_off = scripts.load(redis, "take_off")

    async def first(self, count: int, *, until: datetime | None = None) -> list[Counted]:
        """Return so many, the oldest first, of those that were counted until then."""
        last = "+inf" if until is None else to_milliseconds(until)
        lines: list[bytes] = await self._redis.zrangebyscore(self._key, "-inf", last, start=0, num=count)
        return [_counted(line.decode()) for line in lines]

    async def take_off(self, counted: Counted, sums: Sequence[Sum]) -> None:
        """Take one off, and add what is known now to its day. One that was taken off before adds nothing."""
        await self._take_off(
            keys=[self._key, keys.sums(f"{counted.sum.day:%Y-%m-%d}")],
            args=[
                line_of(counted),
                round(keys.KEEP_SUMS.total_seconds() * 1000),
                *(part for one in sums for part in (one.field, one.by)),
            ],
        )


def line_of(counted: Counted) -> str:
    """Write one as it is kept."""
    day, field, by = counted.sum
    return f"{counted.case_id} {day} {by} {field}"


def _counted(line: str) -> Counted:
    case_id, day, by, field = line.split(" ", 3)
    return Counted(case_id, Sum(date.fromisoformat(day), field, int(by)))
