"""What is summed up of cases by day: see `dunning.rules.tally` and `cohort`, and `commit.lua`, which adds to it."""

from collections.abc import Sequence
from datetime import date

from dunning.store import keys
from dunning.store.driver.connection import RedisClient


class Sums:
    """The sums, by day in UTC. They name nobody."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def of(self, days: Sequence[date]) -> list[dict[str, int]]:
        """Return the sums of each of these days, in the order asked for."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.hgetall(keys.sums(f"{day:%Y-%m-%d}"))
            found: list[dict[bytes, bytes]] = await pipe.execute()
        return [{field.decode(): int(value) for field, value in one.items()} for one in found]
