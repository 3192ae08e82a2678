"""Losses without an amount, in memory."""

from itertools import islice

from dunning.rules.losses import Loss, with_amount
from dunning.rules.tally import Money
from dunning.store.memory.kept import Kept


class MemoryLost:
    """What `dunning.store.lost.Lost` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def first(self, count: int) -> list[Loss]:
        """Return so many, the oldest first."""
        return [*islice(self._kept.lost, count)]

    async def sum_up(self, loss: Loss, money: Money | None) -> None:
        """Take a loss off and add its amount to the sums of its day; nothing is added where Paddle tells none."""
        if loss in self._kept.lost:
            del self._kept.lost[loss]
            self._kept.sum_up(with_amount(loss, money) if money is not None else [])
