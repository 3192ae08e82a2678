"""What mails bring, in words: nothing that the cases don't tell."""

from collections.abc import Iterator

from dunning.language.money import format_money
from dunning.rules.comparison import Comparison
from dunning.rules.lift import ENOUGH, Interval, Side

_SURE = "with a confidence of 95%"


def lift_lines(one: Comparison) -> Iterator[str]:
    """Say in a few lines what a comparison tells, and nothing that it doesn't."""
    yield _sides(one)
    yield f"  {_difference(one)}"
    yield (
        f"  To see a difference of 5 points four times in five takes {one.needed:,} held-out cases; "
        f"there are {one.held_out.cases:,}."
    )
    for currency, interval in one.money.items():
        yield f"  {currency}: {_money(interval, currency)}"


def lift_in_short(one: Comparison) -> str:
    """Say in a line what a comparison tells of the cases, and nothing of money."""
    return f"{_sides(one)} {_difference(one)}"


def _sides(one: Comparison) -> str:
    return f"{one.campaign}, {one.percent}% held out: {_side(one.mailed)} mailed and {_side(one.held_out)} held out."


def _difference(one: Comparison) -> str:
    if one.lift is None:
        return f"Too few to say anything: it takes {ENOUGH} on each side."
    said = "" if one.lift.tells else " No difference can be told yet."
    return f"Mails bring {_points(one.lift)} {_SURE}.{said}"


def _side(side: Side) -> str:
    return f"{side.paid:,} of {side.cases:,} recovered ({100 * side.rate:.1f}%)"


def _points(lift: Interval) -> str:
    return f"{100 * lift.estimate:+.1f} points, between {100 * lift.low:+.1f} and {100 * lift.high:+.1f}"


def _money(interval: Interval | None, currency: str) -> str:
    if interval is None:
        return "not enough to say."
    estimate, low, high = (
        format_money(round(value), currency, "en") for value in (interval.estimate, interval.low, interval.high)
    )
    return f"a mailed case brings {estimate} more, between {low} and {high} {_SURE}."
