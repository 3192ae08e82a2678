"""`dunning report`."""

from datetime import UTC, date, datetime

import click

from cli.commands.examples import examples


class Month(click.ParamType[date]):
    """A month, as 2026-11."""

    name = "month"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return its first day."""
        try:
            first = datetime.strptime(str(value).strip(), "%Y-%m").replace(tzinfo=UTC).date()
        except ValueError:
            self.fail(f"{value!r} is no month: it should be like 2026-11.", param, ctx)
        if first > datetime.now(UTC).date():
            self.fail(f"{value!r} is in the future.", param, ctx)
        return first


@click.command(epilog=examples("dunning report", "dunning report --month 2026-10", "dunning report --json"))
@click.option("--month", type=Month(), metavar="MONTH", help="Which, as 2026-10.  [default: this one]")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document. Amounts are in minor units.")
def report(*, month: date | None, in_json: bool) -> None:
    """Show what came of the cases of a month: opened, recovered, lost, and the money.

    By campaign, decline class and step, and, apart, by what came before the payment: a click on a link of ours, an
    email of ours, the customer, Paddle alone, and others. Paddle is asked for that some minutes after the payment.
    Days are UTC. What is recovered or lost in a month may have been opened before it.
    What was lost is told by its reason. Amounts are the bills' totals; beside each sum stands of how many cases the
    amount is known. Sums are kept for 800 days, and name nobody. Reads DUNNING_REDIS_URL, or else finds the server that
    `dunning up` runs on this machine.
    """
    from cli.operate import report as of_store

    of_store.show(month, in_json=in_json)
