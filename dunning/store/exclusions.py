"""Customers and subscriptions that an operator has excluded: they get no mail for any case, open or to come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver.connection import RedisClient


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Who is excluded, a customer (`ctm_…`) or a subscription (`sub_…`), and since when."""

    id: str
    since: datetime


class Exclusions:
    """The exclusions, until they are taken back."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def exclude(self, entity_id: str, now: datetime) -> bool:
        """Exclude a customer or a subscription, and return whether it wasn't yet. The first time stays."""
        return bool(await self._redis.hsetnx(keys.EXCLUDED, entity_id, to_milliseconds(now)))

    async def include(self, entity_id: str) -> bool:
        """Take an exclusion back, and return whether there was one."""
        return bool(await self._redis.hdel(keys.EXCLUDED, entity_id))

    async def of(self, entity_ids: Collection[str]) -> list[Exclusion]:
        """Return the exclusions of these customers and subscriptions."""
        if not entity_ids:
            return []
        ids = sorted(set(entity_ids))
        found = zip(ids, await self._redis.hmget(keys.EXCLUDED, ids), strict=True)
        return [Exclusion(entity_id, from_milliseconds(int(since))) for entity_id, since in found if since is not None]

    async def all(self) -> list[Exclusion]:
        """Return every exclusion."""
        found = await self._redis.hgetall(keys.EXCLUDED)
        return [Exclusion(entity_id.decode(), from_milliseconds(int(at))) for entity_id, at in sorted(found.items())]
