"""Addresses that must not be mailed: they bounced or complained. Kept as keyed hashes, so no address is at rest."""

from collections.abc import Sequence
from datetime import datetime

from dunning.instants import to_milliseconds
from dunning.store import keys
from dunning.store.driver.connection import RedisClient


class Suppressions:
    """The suppressed addresses, by `dunning.suppression.address_key`."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def add(self, key: str, reason: str, now: datetime) -> None:
        """Suppress an address. The first reason stays."""
        await self._redis.hsetnx(keys.SUPPRESSED, key, f"{to_milliseconds(now)} {reason}")

    async def has(self, address_keys: Sequence[str]) -> bool:
        """Tell whether the address is suppressed, under any of its keys: `dunning.suppression.address_keys`."""
        return bool(address_keys) and any(await self._redis.hmget(keys.SUPPRESSED, list(address_keys)))
