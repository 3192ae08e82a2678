"""Addresses that must not be mailed: they bounced or complained. Kept as keyed hashes, so no address is at rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver.connection import RedisClient


@dataclass(frozen=True, slots=True)
class Suppression:
    """That an address is suppressed: since when, and why. Which one it is can't be told."""

    since: datetime
    reason: str


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

    async def remove(self, address_keys: Sequence[str]) -> bool:
        """Suppress the address no more, under none of its keys, and return whether it was."""
        return bool(address_keys) and bool(await self._redis.hdel(keys.SUPPRESSED, *address_keys))

    async def all(self) -> list[Suppression]:
        """Return all that are suppressed."""
        entries = (entry.decode().partition(" ") for entry in await self._redis.hvals(keys.SUPPRESSED))
        return [Suppression(from_milliseconds(int(since)), reason) for since, _, reason in entries]
