"""Holds: what stops sending until the operator has mended it. Steps stay due; nothing is lost or given up."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from dunning.errors import OperatorMustActError
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.rules.out_events import Brake, of_brake
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.due import PROBE_EVERY
from dunning.store.out_lines import out_lines

EVERYTHING = ("*",)


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: its stable word, since when it is on, and what the operator should know."""

    word: str
    since: datetime
    sentence: str
    about: str = ""
    """What was refused last, in words between spaces: a call's permissions, or a case and its step."""


class Holds:
    """The holds that are on."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._hold = scripts.load(redis, "hold")
        self._release = scripts.load(redis, "release")

    async def raise_(self, error: OperatorMustActError, now: datetime) -> bool:
        """Put a hold on, and return whether it is new. The next look whether it was mended is half a minute off."""
        new = await self._hold(
            keys=[keys.HOLDS, keys.PROBE, keys.OUT_DESTINATIONS, keys.OUT_NEW],
            args=[
                error.hold,
                to_milliseconds(now),
                str(error),
                error.about,
                uuid4().hex,
                round(PROBE_EVERY.total_seconds() * 1000),
                *out_lines(of_brake(now, Brake.HOLD, on=True, hold=error.hold)),
            ],
        )
        return bool(new)

    async def release(
        self, *words: str, began_at: datetime, shows: Iterable[str] = (), now: datetime | None = None
    ) -> list[str]:
        """Take these holds off, as far as what works shows them mended. Returns those that were taken off.

        Args:
            words: the holds that may be mended.
            began_at: when what works was begun. A hold that was put on, or met again, after that stays.
            shows: what it shows to work. A hold about anything else stays.
            now: the time, if it is not yet that.
        """
        args: list[str | int] = [to_milliseconds(began_at), " ".join(shows)]
        for word in dict.fromkeys(words):
            args += [word, *out_lines(of_brake(now or began_at, Brake.HOLD, on=False, hold=word))]
        released = await self._release(keys=[keys.HOLDS, keys.PROBE, keys.OUT_DESTINATIONS, keys.OUT_NEW], args=args)
        return [word.decode() for word in released]

    async def look_again(self) -> None:
        """Let another case find out whether it was mended: the last one came to its end before it could."""
        await self._redis.delete(keys.PROBE)

    async def take_look(self, every: timedelta) -> bool:
        """Return whether it is the caller's turn to look, without a mail, whether holds are mended."""
        return bool(await self._redis.set(keys.HOLDS_LOOK, "1", px=round(every.total_seconds() * 1000), nx=True))

    async def doubt(self, word: str) -> None:
        """Believe no look at this hold for an hour: if the next mail meets it again, a look can't tell."""
        await self._redis.set(keys.doubted(word), "1", px=round(keys.KEEP_DOUBT.total_seconds() * 1000))

    async def is_doubted(self, word: str) -> bool:
        """Return whether a look took this hold off within the hour."""
        return bool(await self._redis.exists(keys.doubted(word)))

    async def all(self) -> list[Hold]:
        """Return the holds that are on."""
        entries = {word.decode(): json.loads(entry) for word, entry in (await self._redis.hgetall(keys.HOLDS)).items()}
        return [
            Hold(word, from_milliseconds(int(since)), sentence, *more[:1])
            for word, (since, sentence, *more) in sorted(entries.items())
        ]
