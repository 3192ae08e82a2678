"""Tries in vain: since when the mail server, or Paddle, was tried without one success, over all workers together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.rules.delivery import LONGEST_RETRY
from dunning.rules.troubles import LastTry
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient

WARNING_AFTER = timedelta(minutes=10)
ERROR_AFTER = timedelta(minutes=30)
# Whatever is still tried comes round in the longest time between two tries, and some for the queue.
NOT_TRIED_ANY_MORE = LONGEST_RETRY + timedelta(minutes=10)
# Counts the batches whose live state Paddle told. What mails raise, `dunning.rules.what_changed.counted` names.
READS: Final = "paddle_reads"


class Way(StrEnum):
    """What may be tried in vain."""

    MAIL = "mail"
    PADDLE = "paddle"


# A refusal for good is a success here: the server answers, and takes what it wants.
SUCCESSES: Mapping[Way, tuple[str, ...]] = {
    Way.MAIL: ("deliveries_sent", "deliveries_refused"),
    Way.PADDLE: (READS,),
}


class ToTell(StrEnum):
    """What there is to tell of a way, each once."""

    WARNING = "warning"
    """It was tried without one success for `WARNING_AFTER`."""
    ERROR = "error"
    """Likewise for `ERROR_AFTER`."""
    WORKS_AGAIN = "works_again"
    """It was, and has had a success since."""


@dataclass(frozen=True, slots=True)
class InVain:
    """Tries in vain that are to be told of: since when, how many, and why the last one was."""

    what: ToTell
    since: datetime
    tries: int
    why: str


class TriesInVain:
    """The tries of each way since its last success."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._script = scripts.load(redis, "in_vain")

    async def note(self, way: Way, why: str, now: datetime) -> InVain | None:
        """Note and count a try in vain, `why` being our stable word, and return what is to be told, if anything."""
        return await self._run(way, why, now)

    async def look(self, way: Way, now: datetime) -> InVain | None:
        """Return what is to be told of the way, if anything. It is told to one caller alone."""
        return await self._run(way, "", now)

    async def works(self, way: Way) -> None:
        """Note a success that nothing else counts."""
        await self._redis.hincrby(keys.COUNTS, SUCCESSES[way][0], 1)

    async def _run(self, way: Way, why: str, now: datetime) -> InVain | None:
        found = await self._script(
            keys=[keys.in_vain(way), keys.COUNTS],
            args=[
                to_milliseconds(now),
                why,
                _milliseconds(NOT_TRIED_ANY_MORE),
                _milliseconds(WARNING_AFTER),
                _milliseconds(ERROR_AFTER),
                *SUCCESSES[way],
            ],
        )
        if not found:
            return None
        what, since, tries, last = found
        return InVain(ToTell(what.decode()), from_milliseconds(int(since)), int(tries), last.decode())


def seconds_in_vain(entry: Mapping[bytes, bytes], counts: Mapping[bytes, bytes], way: Way, now: datetime) -> float:
    """Return for how long the way has been tried without one success, as Redis keeps it; 0 where it works."""
    worked = sum(int(counts.get(name.encode(), 0)) for name in SUCCESSES[way])
    if not entry or int(entry[b"worked"]) != worked or int(entry[b"tries"]) < 2:  # noqa: PLR2004 - one alone says little
        return 0.0
    now_ms = to_milliseconds(now)
    is_tried = now_ms - int(entry[b"last"]) <= _milliseconds(NOT_TRIED_ANY_MORE)
    return max(0.0, (now_ms - int(entry[b"since"])) / 1000) if is_tried else 0.0


def last_try(entry: Mapping[bytes, bytes]) -> LastTry:
    """Return how many tries were in vain, and why the last one was, as Redis keeps it."""
    return LastTry(int(entry[b"tries"]), entry[b"why"].decode())


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
