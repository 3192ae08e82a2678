"""`dunning reconcile`."""

from datetime import timedelta

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples
from dunning.durations import parse_duration


class _Duration(click.ParamType[timedelta]):
    """A duration, written as in the campaign file."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(f"it {error}", param, ctx)


@click.command(epilog=examples("dunning reconcile --dry-run", "dunning reconcile --apply --spread 4h"))
@click.option("--dry-run", is_flag=True, help="Change nothing: show what would be done.")
@click.option("--apply", "apply_", is_flag=True, help="Open cases however many there are.")
@click.option(
    "--max-age",
    type=_Duration(),
    default="30d",
    show_default=True,
    help="Leave debts alone that failed longer ago.",
)
@click.option(
    "--spread",
    type=_Duration(),
    help="Over how long to spread the mails that would all be due now. Otherwise a few go at once, and of more than 50 "
    "at most 300 an hour.",
)
@by_whom
@click.option("--json", "in_json", is_flag=True, help="Print one JSON document in place of the table and the report.")
def reconcile(
    *,
    dry_run: bool,
    apply_: bool,
    max_age: timedelta,
    spread: timedelta | None,
    by: str,
    in_json: bool,
) -> None:
    """Find what webhooks did not bring: failures, debts and payments that we don't know of.

    Reads Paddle's events since the last time, and all past-due subscriptions. Debts without a case get one, which joins
    its campaign at the step that its age deserves; cases whose debt is gone are closed. This command mails nothing. The
    worker does, as always, and only about what is still owed then.

    If more cases would be opened than DUNNING_BREAKER finds usual (50 with auto), they are shown, none is opened, and
    the exit code is 1. --apply opens them. The exit code is also 1 if events can't be read; debts are looked at anyway.

    The worker does the same by itself. It takes at most a fifth of the API budget: some 30 debts a call.
    """
    if dry_run and apply_:
        raise click.UsageError("--dry-run changes nothing and --apply does: give one of them.")
    from cli.operate import reconcile

    reconcile.reconcile(dry_run=dry_run, apply=apply_, max_age=max_age, spread=spread, by=by, in_json=in_json)
