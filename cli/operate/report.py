"""`dunning report`: what came of the cases of a month."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import click
from rich.console import Console

from cli.operate.cases.screen import console, plain_table
from cli.operate.report_lift import show_failed, show_lift
from cli.run.open_store import on_the_store
from dunning.casebook.report import Report, read_report
from dunning.casebook.report_as_json import reported
from dunning.language.money import format_money
from dunning.rules.tally import Cause, Key, Total, What

CAUSES = {
    Cause.CLICK: "after a click on a link of ours",
    Cause.MAIL: "after an email of ours",
    Cause.CUSTOMER: "by the customer, unasked",
    Cause.RETAIN: "through Paddle Retain",
    Cause.SELLER: "by the seller",
    Cause.PADDLE: "by Paddle alone",
}


def show(month: date | None, *, in_json: bool) -> None:
    """Print what came of the cases of a month."""
    today = datetime.now(UTC).date()
    found = on_the_store(lambda store: read_report(store.sums, month or today, today))
    if in_json:
        click.echo(json.dumps(reported(found), indent=2))
    else:
        _print(console(), found)


def _print(screen: Console, found: Report) -> None:
    screen.print(f"{found.first} to {found.last}, days in UTC. What ended then may have been opened before.")
    counts = {what: found.of(what).cases for what in What}
    screen.print(", ".join(f"{count:,} {what}" for what, count in counts.items()) + ".")
    if any(counts.values()):
        _what_happened(screen, found, counts)
    show_failed(screen, found)
    show_lift(screen, found)


def _what_happened(screen: Console, found: Report, counts: dict[What, int]) -> None:
    _counts(screen, found, "campaign, class", lambda key: f"{key.campaign}, {key.decline_class}", tuple(What))
    ended = (What.RECOVERED, What.LOST)
    _counts(screen, found, "after the email", lambda key: f"{key.campaign}, {key.step}", ended)
    screen.print()
    lost = found.by(What.LOST, lambda key: key.cause)
    for line in _recovered(found, counts[What.RECOVERED]):
        screen.print(line, soft_wrap=True)
    if lost:
        told = ", ".join(f"{total.cases:,} {cause}" for cause, total in lost.items() if total.cases)
        screen.print(f"Lost, of {counts[What.LOST]:,}: {told}.", soft_wrap=True)
    _money(screen, found, counts)
    _money_lost(screen, found, counts[What.LOST])


def _counts(screen: Console, found: Report, heading: str, name: Callable[[Key], str], whats: tuple[What, ...]) -> None:
    columns = {what: found.by(what, name) for what in whats}
    names = sorted({one for column in columns.values() for one, total in column.items() if total.cases})
    if not names:
        return
    screen.print()
    table = plain_table(screen, heading, *whats)
    for one in names:
        table.add_row(one, *(f"{column.get(one, Total()).cases:,}" for column in columns.values()))
    screen.print(table)


def _recovered(found: Report, count: int) -> Iterator[str]:
    by_cause = found.by(What.RECOVERED, lambda key: key.cause)
    told = ", ".join(f"{by_cause[cause].cases:,} {words}" for cause, words in CAUSES.items() if cause in by_cause)
    if count:
        yield f"Recovered, of {count:,}: {told}."


def _money(screen: Console, found: Report, counts: dict[What, int]) -> None:
    opened = found.by(What.OPENED, lambda key: key.currency)
    causes = [cause for cause in CAUSES if cause in found.by(What.RECOVERED, lambda key: key.cause)]
    recovered = {cause: found.by(What.RECOVERED, _only(cause)) for cause in causes}
    currencies = sorted({one for column in (opened, *recovered.values()) for one in column if one})
    if not currencies:
        return
    screen.print()
    table = plain_table(screen, "money", What.OPENED, *(f"recovered {CAUSES[cause]}" for cause in causes))
    for currency in currencies:
        cells = (opened, *recovered.values())
        table.add_row(currency, *(_cell(column.get(currency, Total()), currency) for column in cells))
    screen.print(table)
    known = {what: sum(total.known for key, total in found.totals.items() if key.what is what) for what in What}
    screen.print(
        f"Amounts are known of {known[What.OPENED]:,} of the {counts[What.OPENED]:,} cases opened, and of "
        f"{known[What.RECOVERED]:,} of the {counts[What.RECOVERED]:,} recovered. They are the bills' totals.",
        soft_wrap=True,
    )


def _money_lost(screen: Console, found: Report, count: int) -> None:
    lost = found.money_lost
    if lost:
        screen.print()
        table = plain_table(screen, "money lost", "by its bills")
        for (currency, cause), total in lost.items():
            table.add_row(f"{currency}, {cause}", _cell(total, currency))
        screen.print(table)
    if count:
        screen.print(
            f"Amounts are known of {found.of(What.LOST).known:,} of the {count:,} lost. Paddle is asked for them some "
            "minutes after the end.",
            soft_wrap=True,
        )


def _only(cause: Cause) -> Callable[[Key], str]:
    return lambda key: key.currency if key.cause == cause else ""


def _cell(total: Total, currency: str) -> str:
    return f"{format_money(total.amount, currency, 'en')} of {total.known:,}" if total.known else ""
