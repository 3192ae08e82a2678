"""What mails bring, by the hold-out: the difference between the mailed and the held out, and how sure it is. Pure.

Nothing is said of fewer cases than it takes. The formulas are from the books named beside them.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
POWER: Final = 0.80
# The difference that the needed sample is told for.
POINTS: Final = 0.05
# Fewer cases on a side, or fewer payments, say nothing.
ENOUGH: Final = 30
# If the amounts of more payments than this aren't known, nothing is said of money.
MOST_UNKNOWN: Final = 0.02
# Squares are kept in units of so many: whole numbers, and far from the largest that Redis adds up.
SQUARE_UNIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: how many of so many cases were paid."""

    cases: int = 0
    paid: int = 0

    @property
    def rate(self) -> float:
        """Return the share that was paid; 0 without cases."""
        return self.paid / self.cases if self.cases else 0.0


@dataclass(frozen=True, slots=True)
class MoneySide:
    """One side of the comparison in one currency: the cases, the payments of known amount, and their sums."""

    cases: int = 0
    paid: int = 0
    amount: int = 0
    """In minor units."""
    squares: int = 0
    """The sum of the amounts' squares, in units of `SQUARE_UNIT`."""
    unknown: int = 0
    """Payments of this side whose amount isn't known, in whatever currency."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, and between what it lies with a confidence of 95%."""

    estimate: float
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """Whether it tells a difference: no difference at all lies outside."""
        return self.low > 0 or self.high < 0


def lift_in_cases(mailed: Side, held_out: Side) -> Interval | None:
    """Return by how much more of the mailed cases were paid, as a share from -1 to 1; None for too few cases."""
    if min(mailed.cases, held_out.cases) < ENOUGH:
        return None
    return difference(mailed, held_out)


def difference(one: Side, other: Side) -> Interval:
    """Return the difference of two shares with Newcombe's interval, made of the Wilson intervals of both.

    R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17
    (1998), 873-890, method 10.
    """
    low, high = wilson(one)
    other_low, other_high = wilson(other)
    found = one.rate - other.rate
    return Interval(
        found,
        found - sqrt((one.rate - low) ** 2 + (other_high - other.rate) ** 2),
        found + sqrt((high - one.rate) ** 2 + (other.rate - other_low) ** 2),
    )


def wilson(side: Side) -> tuple[float, float]:
    """Return Wilson's interval for a share of at least one case.

    E. B. Wilson, Probable inference, Journal of the American Statistical Association 22 (1927), 209-212.
    """
    n, rate, z = side.cases, side.rate, _z(1 - (1 - CONFIDENCE) / 2)
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


def lift_in_money(mailed: MoneySide, held_out: MoneySide) -> Interval | None:
    """Return how much more a mailed case brought, in minor units; None where the data don't tell.

    The difference of two means, whose distribution is near a normal one for as many payments as `ENOUGH` and more
    (Welch's interval with the normal quantile).
    """
    sides = (mailed, held_out)
    if any(one.paid < ENOUGH or one.unknown > MOST_UNKNOWN * (one.paid + one.unknown) for one in sides):
        return None
    found = mailed.amount / mailed.cases - held_out.amount / held_out.cases
    half = _z(1 - (1 - CONFIDENCE) / 2) * sqrt(sum(_variance_of_mean(one) for one in sides))
    return Interval(found, found - half, found + half)


def held_out_needed(rate: float, percent: int) -> int:
    """Return how many held-out cases it takes to see a difference of 5 points four times in five.

    J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, third edition (2003), chapter 4,
    for samples of unequal size, without a continuity correction.

    Args:
        rate: the share of the mailed cases that is paid.
        percent: the share that is held out, from 1 to 50.
    """
    low = max(rate - POINTS, 0.0)
    return sample_needed(low, low + POINTS, (100 - percent) / percent)


def sample_needed(
    first: float, second: float, ratio: float, confidence: float = CONFIDENCE, power: float = POWER
) -> int:
    """Return how large the first sample has to be to tell two shares apart, the second being `ratio` times as large."""
    mean = (first + ratio * second) / (ratio + 1)
    if_same = _z(1 - (1 - confidence) / 2) * sqrt((ratio + 1) * mean * (1 - mean))
    if_not = _z(power) * sqrt(ratio * first * (1 - first) + second * (1 - second))
    return ceil((if_same + if_not) ** 2 / (ratio * (second - first) ** 2))


def _variance_of_mean(side: MoneySide) -> float:
    mean = side.amount / side.cases
    spread = side.squares * SQUARE_UNIT - side.cases * mean**2
    return max(spread, 0.0) / (side.cases - 1) / side.cases


def _z(probability: float) -> float:
    return NormalDist().inv_cdf(probability)
