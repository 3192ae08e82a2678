"""Which cases have ended, for as long as they are kept. The writing of a case keeps it: see `commit.lua`."""

from datetime import datetime

from dunning.instants import to_milliseconds
from dunning.store import keys
from dunning.store.driver.connection import RedisClient


class Ended:
    """Finds ended cases without looking at all that there are. What it names may be gone meanwhile."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def newest(self, first: int, count: int, since: datetime | None = None) -> list[str]:
        """Return the ids of `count` ended cases from place `first` on, newest first, of those written since then."""
        oldest = "-inf" if since is None else to_milliseconds(since)
        found: list[bytes] = await self._redis.zrevrangebyscore(keys.ENDED, "+inf", oldest, start=first, num=count)
        return [case_id.decode() for case_id in found]

    async def of(self, entity_id: str) -> list[str]:
        """Return the ids of the ended cases of a customer or a subscription, newest first."""
        found: list[bytes] = await self._redis.zrange(keys.history(entity_id), 0, -1, desc=True)
        return [case_id.decode() for case_id in found]
