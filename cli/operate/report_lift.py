"""The part of `dunning report` that is of shares: what became of those that failed, and what mails bring."""

from collections.abc import Iterator

from rich.console import Console

from cli.operate.cases.screen import plain_table
from dunning.casebook.report import Failed, Report
from dunning.language.money import format_money
from dunning.rules.cohort import Amounts, Became
from dunning.rules.comparison import Comparison
from dunning.rules.lift import ENOUGH, Interval, Side

_SURE = "with a confidence of 95%"


def show_failed(screen: Console, found: Report) -> None:
    """Print what became of the cases that failed on the report's days, as far as all of a day's have ended."""
    failed = found.failed
    if not failed.parts:
        return
    screen.print()
    days = f"{failed.first}" if failed.first == failed.last else f"{failed.first} to {failed.last}"
    screen.print(f"Of the cases that failed {days}, all of which have ended since:")
    table = plain_table(screen, "campaign, currency", "failed", "recovered", "not recovered")
    for campaign, currency in failed.parts:
        if currency:
            due, paid = (failed.of(became, campaign, currency) for became in Became)
            unpaid = Amounts(due.cases - paid.cases, due.amount - paid.amount)
            table.add_row(f"{campaign}, {currency}", *(_cell(one, currency) for one in (due, paid, unpaid)))
    screen.print(table)
    screen.print(_unknown(failed), soft_wrap=True)


def show_lift(screen: Console, found: Report) -> None:
    """Print what mails bring, if something is held out or was."""
    if not found.comparisons:
        return
    screen.print()
    screen.print(f"What mails bring, by the cases that failed {found.compared.first} to {found.compared.last}:")
    for one in found.comparisons:
        for line in lift_lines(one):
            screen.print(line, soft_wrap=True)


def lift_lines(one: Comparison) -> Iterator[str]:
    """Say in a few lines what a comparison tells, and nothing that it doesn't."""
    yield f"{one.campaign}, {one.percent}% held out: {_side(one.mailed)} mailed and {_side(one.held_out)} held out."
    if one.lift is None:
        yield f"  Too few to say anything: it takes {ENOUGH} on each side."
    else:
        said = "" if one.lift.tells else " No difference can be told yet."
        yield f"  Mails bring {_points(one.lift)} {_SURE}.{said}"
    yield (
        f"  To see a difference of 5 points four times in five takes {one.needed:,} held-out cases; "
        f"there are {one.held_out.cases:,}."
    )
    for currency, interval in one.money.items():
        yield f"  {currency}: {_money(interval, currency)}"


def _unknown(failed: Failed) -> str:
    totals = {became: Amounts() for became in Became}
    known = dict(totals)
    for group, amounts in failed.groups.items():
        totals[group.became] = totals[group.became].plus(amounts)
        if group.currency:
            known[group.became] = known[group.became].plus(amounts)
    due, paid = Became.DUE, Became.PAID
    return (
        f"Amounts are known of {known[due].cases:,} of the {totals[due].cases:,} that failed, and of "
        f"{known[paid].cases:,} of the {totals[paid].cases:,} recovered. What is recovered without a known amount "
        "stands as not recovered."
    )


def _cell(amounts: Amounts, currency: str) -> str:
    return f"{format_money(amounts.amount, currency, 'en')} of {amounts.cases:,}"


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
