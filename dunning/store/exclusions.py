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
    by: str | None = None
    """Which operator said so, where that is asked for and known."""


class Exclusions:
    """The exclusions, until they are taken back."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def exclude(self, entity_id: str, now: datetime, by: str | None = None) -> bool:
        """Exclude a customer or a subscription, and return whether it wasn't yet. The first time stays."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(keys.EXCLUDED, entity_id, to_milliseconds(now))
            if by is not None:
                pipe.hsetnx(keys.EXCLUDED_BY, entity_id, by)
            return bool((await pipe.execute())[0])

    async def include(self, entity_id: str) -> bool:
        """Take an exclusion back, and return whether there was one."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(keys.EXCLUDED, entity_id)
            pipe.hdel(keys.EXCLUDED_BY, entity_id)
            return bool((await pipe.execute())[0])

    async def of(self, entity_ids: Collection[str]) -> list[Exclusion]:
        """Return the exclusions of these customers and subscriptions."""
        if not entity_ids:
            return []
        ids = sorted(set(entity_ids))
        found = zip(ids, await self._redis.hmget(keys.EXCLUDED, ids), strict=True)
        return [Exclusion(entity_id, from_milliseconds(int(since))) for entity_id, since in found if since is not None]

    async def all(self) -> list[Exclusion]:
        """Return every exclusion, with who said so."""
        found, said = await self._redis.hgetall(keys.EXCLUDED), await self._redis.hgetall(keys.EXCLUDED_BY)
        by = {entity_id: name.decode() for entity_id, name in said.items()}
        return [
            Exclusion(entity_id.decode(), from_milliseconds(int(at)), by.get(entity_id))
            for entity_id, at in sorted(found.items())
        ]
