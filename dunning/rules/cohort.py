"""What became of the cases that failed on a day, summed up and never by person: how many, how many paid, money. Pure.

The sums of `dunning.rules.tally` count what happened on a day. Here each payment is counted on the day of its failure,
beside all that failed then, so that one is a share of the other. The fields stand in the same day's hash:
`n|due|renewal|held_out|10|EUR`, and `a` for the amounts in minor units, `q` for their squares.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dunning.rules.campaign import Campaign
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.hold_out import Arm, arm_of
from dunning.rules.lift import SQUARE_UNIT
from dunning.rules.tally import Money, Sum

# A larger bill is none, and its square is more than Redis adds up.
LARGEST_AMOUNT = 10**10


class Became(StrEnum):
    """What is counted of the cases that failed on a day."""

    DUE = "due"
    """All of them."""
    PAID = "paid"
    """Those that were paid since."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is summed up together. `arm` is None, and `percent` 0, where nothing is compared."""

    became: Became
    campaign: str
    arm: Arm | None
    percent: int
    currency: str
    """Empty where the amount isn't known."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many cases; where the currency is known, their amounts together, and of those paid the squares."""

    cases: int = 0
    amount: int = 0
    squares: int = 0

    def plus(self, other: "Amounts") -> "Amounts":
        """Return both together."""
        return Amounts(self.cases + other.cases, self.amount + other.amount, self.squares + other.squares)


def sums_by_failure(before: Case | None, after: Case, campaign: Campaign, money: Money | None) -> Iterator[Sum]:
    """Give what a write of a case adds to the sums of the day on which it failed.

    Args:
        before: the case as it was; None where this opens it.
        after: the case as it is written.
        campaign: the one it began with.
        money: the debt's amount, where what brings this about tells it.
    """
    if before is None:
        yield from _sums(Became.DUE, after, campaign, money)
    if after.state is CaseState.RECOVERED and (before is None or before.state is not CaseState.RECOVERED):
        yield from _sums(Became.PAID, after, campaign, money)


def groups_of(fields: Mapping[str, int]) -> dict[Group, Amounts]:
    """Return what a day's hash has of these sums. Fields of another kind, or another version, are left out."""
    found: dict[Group, Amounts] = {}
    for field, value in fields.items():
        unit, *parts = field.split("|")
        group = _group(parts)
        if group is not None and unit in _UNITS:
            found[group] = found.get(group, Amounts()).plus(Amounts(**{_UNITS[unit]: value}))
    return found


def added(days: Iterable[Mapping[Group, Amounts]]) -> dict[Group, Amounts]:
    """Add up the sums of days."""
    found: dict[Group, Amounts] = {}
    for day in days:
        for group, amounts in day.items():
            found[group] = found.get(group, Amounts()).plus(amounts)
    return found


def last_settled(today: date) -> date:
    """Return the last day of which every case that failed then has ended."""
    return today - OPEN_FOR - timedelta(days=1)


_UNITS = {"n": "cases", "a": "amount", "q": "squares"}
_NO_ARM = "none"
_ARMS = {_NO_ARM: None, **{arm.value: arm for arm in Arm}}


def _group(parts: list[str]) -> Group | None:
    match parts:
        case [became, campaign, arm, percent, currency] if became in set(Became) and arm in _ARMS and percent.isdigit():
            return Group(Became(became), campaign, _ARMS[arm], int(percent), currency)
        case _:
            return None


def _sums(became: Became, case: Case, campaign: Campaign, money: Money | None) -> Iterator[Sum]:
    arm, known = arm_of(case, campaign), money is not None and 0 <= money.amount <= LARGEST_AMOUNT
    currency = money.currency if money is not None and known else ""
    percent = campaign.hold_out if arm is not None else 0
    name, day = f"{became}|{case.campaign}|{arm or _NO_ARM}|{percent}|{currency}", case.failed_at.date()
    yield Sum(day, f"n|{name}", 1)
    if money is not None and known:
        yield Sum(day, f"a|{name}", money.amount)
        if became is Became.PAID and arm is not None:
            yield Sum(day, f"q|{name}", round(money.amount**2 / SQUARE_UNIT))
