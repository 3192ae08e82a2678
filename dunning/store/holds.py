"""Holds: what stops sending until the operator has mended it. Steps stay due; nothing is lost or given up."""

import json
from dataclasses import dataclass
from datetime import datetime

from dunning.errors import OperatorMustActError
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.connection import RedisClient
from dunning.store.due import PROBE_EVERY


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: its stable word, since when it is on, and what the operator should know."""

    word: str
    since: datetime
    sentence: str


class Holds:
    """The holds that are on."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def raise_(self, error: OperatorMustActError, now: datetime) -> bool:
        """Put a hold on, and return whether it is new. The next look whether it was mended is half a minute off."""
        entry = json.dumps([to_milliseconds(now), str(error)])
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(keys.HOLDS, error.hold, entry)
            pipe.set(keys.PROBE, "1", px=round(PROBE_EVERY.total_seconds() * 1000))
            new, _ = await pipe.execute()
        return bool(new)

    async def release(self, *words: str) -> list[str]:
        """Take these holds off, since what they were about works again. Returns those that had been on."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for word in words:
                pipe.hdel(keys.HOLDS, word)
            removed = await pipe.execute()
        released = [word for word, was_on in zip(words, removed, strict=True) if was_on]
        if released:
            await self._redis.delete(keys.PROBE)
        return released

    async def look_again(self) -> None:
        """Let another case find out whether it was mended: the last one came to its end before it could."""
        await self._redis.delete(keys.PROBE)

    async def all(self) -> list[Hold]:
        """Return the holds that are on."""
        entries = {word.decode(): json.loads(entry) for word, entry in (await self._redis.hgetall(keys.HOLDS)).items()}
        return [Hold(word, from_milliseconds(since), sentence) for word, (since, sentence) in sorted(entries.items())]
