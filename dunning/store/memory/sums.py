"""Sums of cases by day in memory."""

from collections.abc import Sequence
from datetime import date

from dunning.store.memory.kept import Kept


class MemorySums:
    """What `dunning.store.sums.Sums` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def of(self, days: Sequence[date]) -> list[dict[str, int]]:
        """Return the sums of each of these days, in the order asked for."""
        return [dict(self._kept.sums.get(day, {})) for day in days]
