"""Losses whose amount is still to be asked of Paddle: see `dunning.rules.losses`, and `commit.lua`, which adds them."""

from datetime import date

from dunning.rules.losses import Loss, with_amount
from dunning.rules.tally import Money, Sum
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient


class Lost:
    """The losses without an amount."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._sum_up = scripts.load(redis, "sum_up")

    async def first(self, count: int) -> list[Loss]:
        """Return so many, the oldest first."""
        return [_loss(line.decode()) for line in await self._redis.zrange(keys.LOST, 0, count - 1)]

    async def sum_up(self, loss: Loss, money: Money | None) -> None:
        """Take a loss off and add its amount to the sums of its day; nothing is added where Paddle tells none.

        A loss that somebody else has taken off adds nothing.
        """
        sums = with_amount(loss, money) if money is not None else []
        await self._sum_up(
            keys=[keys.LOST, keys.sums(f"{loss.counted.day:%Y-%m-%d}")],
            args=[
                loss_line(loss),
                round(keys.KEEP_SUMS.total_seconds() * 1000),
                *(part for one in sums for part in (one.field, one.by)),
            ],
        )


def loss_line(loss: Loss) -> str:
    """Write a loss as it is kept."""
    day, field, by = loss.counted
    return f"{loss.case_id} {day} {by} {field}"


def _loss(line: str) -> Loss:
    case_id, day, by, field = line.split(" ", 3)
    return Loss(case_id, Sum(date.fromisoformat(day), field, int(by)))
