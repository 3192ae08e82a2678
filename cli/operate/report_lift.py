"""The part of `dunning report` that is of shares: what became of those that failed, and what mails bring."""

from rich.console import Console

from cli.operate.cases.screen import plain_table
from dunning.casebook.lift_words import lift_lines
from dunning.casebook.report import Failed, Report
from dunning.language.money import format_money
from dunning.rules.cohort import Amounts, Became


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
