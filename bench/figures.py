"""Figures: what was measured, how often, and what it should be. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Wanted(StrEnum):
    """Which side of its target a figure should be on."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be."""

    wanted: Wanted
    value: float

    def is_met_by(self, value: float) -> bool:
        """Whether a value is on the right side, or on the line."""
        return value >= self.value if self.wanted is Wanted.AT_LEAST else value <= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `values` has what each run gave; their median is what counts.

    Without a target a figure is told for what it says of others.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    target: Target | None = None

    @property
    def median(self) -> float:
        """The middle of what the runs gave."""
        return median(self.values)

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where there is no target."""
        if self.target is None:
            return ""
        return "met" if self.target.is_met_by(self.median) else "missed"


def at_least(value: float) -> Target:
    """Make a target that bigger is better for."""
    return Target(Wanted.AT_LEAST, value)


def at_most(value: float) -> Target:
    """Make a target that smaller is better for."""
    return Target(Wanted.AT_MOST, value)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Divide run by run: two that ran one after the other met the same machine.

    Raises:
        ValueError: one side has more runs than the other.
    """
    return tuple(our / their for our, their in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of all are not above: one that was measured, no mixture of two.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(0, int(rank) - 1)]


def busiest(moments: Sequence[float], span: float) -> int:
    """Return how many moments lie in the fullest stretch of this length, its end not included."""
    ordered = sorted(moments)
    first, most = 0, 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - span:
            first += 1
        most = max(most, last - first + 1)
    return most
