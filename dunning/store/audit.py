"""The audit list: who changed what by hand, and when."""

from dataclasses import dataclass
from datetime import datetime

from pydantic_core import from_json, to_json

from dunning.audit import Change, Way
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

KEPT = 10_000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. `about` is the id it is about, or empty."""

    at: datetime
    who: str
    way: Way
    what: Change
    about: str = ""


class Audit:
    """The last 10,000 changes."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def note(self, entry: AuditEntry) -> None:
        """Note a change."""
        kept = to_json([to_milliseconds(entry.at), entry.who, entry.way, entry.what, entry.about])
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(keys.AUDIT, kept)
            pipe.ltrim(keys.AUDIT, 0, KEPT - 1)
            await pipe.execute()

    async def newest(self, first: int, count: int) -> list[AuditEntry]:
        """Return so many changes, those that come after the `first` ones, the newest first."""
        found = await self._redis.lrange(keys.AUDIT, first, first + count - 1)
        return [_read(one) for one in found]


def _read(kept: bytes) -> AuditEntry:
    at, who, way, what, about = from_json(kept)
    return AuditEntry(from_milliseconds(at), who, Way(way), Change(what), about)
