"""The money of losses: what ends a case seldom tells it, so it is asked of Paddle afterwards, and then summed up. Pure.

A loss is counted at once, without its amount and under no currency. Once Paddle has told the amount, the count moves to
the bill's currency. A loss that is taken back is counted with -1, and its amount is asked for likewise.
"""

from collections.abc import Iterable

from dunning.rules.tally import Counted, Money, Sum, What

_COUNTED = f"n|{What.LOST}|"


def losses_of(case_id: str, sums: Iterable[Sum]) -> list[Counted]:
    """Return the losses among what a write of a case adds to the sums."""
    return [Counted(case_id, one) for one in sums if one.field.startswith(_COUNTED)]


def with_amount(loss: Counted, money: Money) -> list[Sum]:
    """Return what is added to the sums of the loss's day once its amount is known."""
    day, field, by = loss.sum
    name = f"{field.removeprefix('n|')}{money.currency}"
    return [
        Sum(day, field, -by),
        Sum(day, f"n|{name}", by),
        Sum(day, f"k|{name}", by),
        Sum(day, f"a|{name}", by * money.amount),
    ]
