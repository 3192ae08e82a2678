"""`dunning try`."""

from datetime import timedelta

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples
from cli.commands.paddle_id import CASE


class Patience(click.ParamType[timedelta]):
    """A duration, as in a campaign file."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the duration."""
        from dunning.durations import parse_duration

        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(str(value))
        except ValueError:
            self.fail(f"{value!r} is no duration: it should be like 90s, 15m or 1d.", param, ctx)


@click.command("try", epilog=examples("dunning try", "dunning try --case txn_01jq3v9m5t8xw2c7h4k6n0p1rs"))
@click.option("--case", "case_id", type=CASE, metavar="CASE", help="Take this open case, and wait for no new one.")
@click.option(
    "--patience", type=Patience(), default="1d", show_default=True, help="How long each step of the way may take."
)
@by_whom
def try_(*, case_id: str | None, patience: timedelta, by: str) -> None:
    """See it work: from a declined renewal over the mail to your own click.

    Start `dunning up` first, or `webhooks` and `worker`, and set DUNNING_MAIL_REDIRECT to your address. Waits for a
    renewal that fails, or declines one where Paddle is the twin; makes its first mail due now; waits for your click.
    Says how far it came, and why not further. Exit code 0: the click led to Paddle's page. Exit code 1: it didn't come
    that far.
    """
    from cli.connect.trial import command

    command.try_(case_id=case_id, patience=patience, by=by)
