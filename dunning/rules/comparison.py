"""The comparison of the mailed with the held out: each campaign and share for itself. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dunning.rules.cohort import Amounts, Became, Group
from dunning.rules.hold_out import Arm
from dunning.rules.lift import Interval, MoneySide, Side, held_out_needed, lift_in_cases, lift_in_money


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the mails of a campaign bring, as far as the cases tell that failed while so many percent were held out."""

    campaign: str
    percent: int
    mailed: Side
    held_out: Side
    lift: Interval | None
    """By how much more of the mailed cases were recovered, as a share; None for too few to say."""
    needed: int
    """How many held-out cases it takes to see a difference of 5 points."""
    money: Mapping[str, Interval | None]
    """By currency, how many minor units more a mailed case brought; None for too few to say."""


def compare(groups: Mapping[Group, Amounts]) -> list[Comparison]:
    """Compare the sides of each campaign and share that something was held out of."""
    found = sorted({(group.campaign, group.percent) for group in groups if group.arm is not None})
    return [
        _compare({group: sums for group, sums in groups.items() if group.arm and _trial(group) == one}, *one)
        for one in found
    ]


def _compare(groups: Mapping[Group, Amounts], campaign: str, percent: int) -> Comparison:
    mailed, held_out = (_side(groups, arm) for arm in (Arm.MAILED, Arm.HELD_OUT))
    return Comparison(
        campaign=campaign,
        percent=percent,
        mailed=mailed,
        held_out=held_out,
        lift=lift_in_cases(mailed, held_out),
        needed=held_out_needed(mailed.rate, percent),
        money={
            currency: lift_in_money(
                _money_side(groups, Arm.MAILED, currency), _money_side(groups, Arm.HELD_OUT, currency)
            )
            for currency in sorted({group.currency for group in groups if group.currency})
        },
    )


def _trial(group: Group) -> tuple[str, int]:
    return group.campaign, group.percent


def _side(groups: Mapping[Group, Amounts], arm: Arm) -> Side:
    return Side(_added(groups, arm, Became.DUE).cases, _added(groups, arm, Became.PAID).cases)


def _money_side(groups: Mapping[Group, Amounts], arm: Arm, currency: str) -> MoneySide:
    paid = _added(groups, arm, Became.PAID, currency)
    return MoneySide(
        cases=_added(groups, arm, Became.DUE, currency).cases,
        paid=paid.cases,
        amount=paid.amount,
        squares=paid.squares,
        unknown=_added(groups, arm, Became.PAID, "").cases,
    )


def _added(groups: Mapping[Group, Amounts], arm: Arm, became: Became, currency: str | None = None) -> Amounts:
    found = Amounts()
    for group, sums in groups.items():
        if (group.arm, group.became) == (arm, became) and currency in {None, group.currency}:
            found = found.plus(sums)
    return found
