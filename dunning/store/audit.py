"""The audit list: who changed what by hand, and when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from pydantic_core import from_json, to_json

from dunning.audit import Change, Way
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient

KEPT = 10_000

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. `about` is the id it is about, or empty. A newer version may have noted it in a word of its own."""

    at: datetime
    who: str
    way: Way | str
    what: Change | str
    about: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some changes, and the number of the last of them if there are more: the next page is before it."""

    entries: Sequence[AuditEntry]
    last: int | None


class Audit:
    """The last 10,000 changes."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._page = scripts.load(redis, "audit_page")
        self._forget = scripts.load(redis, "audit_forget")

    async def note(self, entry: AuditEntry) -> None:
        """Note a change."""
        kept = to_json([to_milliseconds(entry.at), entry.who, entry.way, entry.what, entry.about])
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(keys.AUDIT, kept)
            pipe.ltrim(keys.AUDIT, 0, KEPT - 1)
            pipe.incr(keys.AUDIT_NOTED)
            await pipe.execute()

    async def newest(self, first: int, count: int) -> list[AuditEntry]:
        """Return so many changes, those that come after the `first` ones, the newest first."""
        found = await self._redis.lrange(keys.AUDIT, first, first + count - 1)
        return [_read(one) for one in found]

    async def page(self, count: int, before: int | None = None) -> AuditPage:
        """Return so many changes, the newest first: those before a change, by its number, or the newest."""
        first, found = await self._page(
            keys=[keys.AUDIT, keys.AUDIT_NOTED], args=["" if before is None else before, count + 1]
        )
        entries = [_read(one) for one in found[:count]]
        return AuditPage(entries, int(first) - count + 1 if len(found) > count else None)

    async def forget(self, ids: Collection[str]) -> int:
        """Leave out what changes were about, where it is one of these ids, and return of how many it was."""
        return int(await self._forget(keys=[keys.AUDIT], args=[to_json([*ids])]))


def _read(kept: bytes) -> AuditEntry:
    at, who, way, what, about = from_json(kept)
    return AuditEntry(from_milliseconds(at), who, _word(Way, way), _word(Change, what), about)


def _word(known: type[Word], text: str) -> Word | str:
    try:
        return known(text)
    except ValueError:
        return text
