"""The money of losses: what ends a case seldom tells it, so it is asked of Paddle afterwards, and then summed up. Pure.

A loss is counted at once, without its amount and under no currency. Once Paddle has told the amount, the count moves to
the bill's currency. A loss that is taken back is counted with -1, and its amount is asked for likewise.
"""

from collections.abc import Iterable
from typing import NamedTuple

from dunning.rules.tally import Money, Sum, What

_COUNTED = f"n|{What.LOST}|"


class Loss(NamedTuple):
    """A loss that was counted, or taken back, without its amount."""

    case_id: str
    counted: Sum


def losses_of(case_id: str, sums: Iterable[Sum]) -> list[Loss]:
    """Return the losses among what a write of a case adds to the sums."""
    return [Loss(case_id, one) for one in sums if one.field.startswith(_COUNTED)]


def with_amount(loss: Loss, money: Money) -> list[Sum]:
    """Return what is added to the sums of the loss's day once its amount is known."""
    day, field, by = loss.counted
    name = f"{field.removeprefix('n|')}{money.currency}"
    return [
        Sum(day, field, -by),
        Sum(day, f"n|{name}", by),
        Sum(day, f"k|{name}", by),
        Sum(day, f"a|{name}", by * money.amount),
    ]
