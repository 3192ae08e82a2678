"""Cases that are counted, and about which Paddle is still to be asked, in memory."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from dunning.rules.tally import Counted, Sum
from dunning.store.memory.kept import Kept


class MemoryToAsk:
    """What `dunning.store.asked.ToAsk` is to Redis."""

    def __init__(self, kept: Kept, waiting: dict[Counted, datetime]) -> None:
        self._kept = kept
        self._waiting = waiting

    async def first(self, count: int, *, until: datetime | None = None) -> list[Counted]:
        """Return so many, the oldest first, of those that were counted until then."""
        return [*islice((one for one, at in self._waiting.items() if until is None or at <= until), count)]

    async def take_off(self, counted: Counted, sums: Sequence[Sum]) -> None:
        """Take one off, and add what is known now to its day. One that was taken off before adds nothing."""
        if counted in self._waiting:
            del self._waiting[counted]
            self._kept.sum_up(sums)
