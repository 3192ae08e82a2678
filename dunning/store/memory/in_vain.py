"""Tries in vain in memory: kept and told of as in_vain.lua does it."""

from dataclasses import dataclass
from datetime import datetime

from dunning.store.in_vain import ERROR_AFTER, NOT_TRIED_ANY_MORE, SUCCESSES, WARNING_AFTER, InVain, ToTell, Way
from dunning.store.memory.kept import Kept, Passing


@dataclass(slots=True)
class _Tries:
    since: datetime
    worked: int
    last: datetime
    tries: int = 0
    why: str = ""
    told: ToTell | None = None

    def tell(self, what: ToTell) -> InVain:
        return InVain(what, self.since, self.tries, self.why)


class MemoryTriesInVain:
    """What `dunning.store.in_vain.TriesInVain` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._ways = Passing[Way, _Tries](kept.clock)

    async def note(self, way: Way, why: str, now: datetime) -> InVain | None:
        """Note and count a try in vain, `why` being our stable word, and return what is to be told, if anything."""
        now = self._kept.moment(now)
        ended = self._end(way, now)
        self._kept.counts[f"tries_in_vain_{why}"] += 1
        tries = self._ways.get(way) or _Tries(now, self._worked(way), now)
        tries.tries, tries.why, tries.last = tries.tries + 1, why, now
        self._ways.put(way, tries, NOT_TRIED_ANY_MORE)
        return ended or self._tell(way, now)

    async def look(self, way: Way, now: datetime) -> InVain | None:
        """Return what is to be told of the way, if anything. It is told to one caller alone."""
        now = self._kept.moment(now)
        return self._end(way, now) or self._tell(way, now)

    async def works(self, way: Way) -> None:
        """Note a success that nothing else counts."""
        self._kept.counts[SUCCESSES[way][0]] += 1

    def _worked(self, way: Way) -> int:
        return sum(self._kept.counts[name] for name in SUCCESSES[way])

    def _end(self, way: Way, now: datetime) -> InVain | None:
        tries = self._ways.get(way)
        if tries is None:
            return None
        works = tries.worked != self._worked(way)
        if works or now - tries.last > NOT_TRIED_ANY_MORE:
            self._ways.pop(way)
        return tries.tell(ToTell.WORKS_AGAIN) if works and tries.told else None

    def _tell(self, way: Way, now: datetime) -> InVain | None:
        tries = self._ways.get(way)
        if tries is None or tries.tries == 1 or now - tries.since < WARNING_AFTER:
            return None
        word = ToTell.WARNING if now - tries.since < ERROR_AFTER else ToTell.ERROR
        if tries.told in {word, ToTell.ERROR}:
            return None
        tries.told = word
        return tries.tell(word)
