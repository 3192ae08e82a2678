"""Counters that all processes share. The worker opens no port: what it counts is read here by the edge."""

from dunning.store import keys
from dunning.store.driver.connection import RedisClient


class Counters:
    """Counters by name."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def add(self, name: str, count: int = 1) -> None:
        """Raise a counter."""
        await self._redis.hincrby(keys.COUNTS, name, count)
