"""`dunning replay`."""

from datetime import UTC, datetime

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples
from cli.commands.moment import WHEN


@click.command(
    epilog=examples(
        "dunning replay --from 3h --dry-run",
        "dunning replay --from 2026-11-01T09:00 --to 2026-11-01T12:00",
    )
)
@click.option("--from", "since", type=WHEN, metavar="WHEN", required=True, help="From when on.")
@click.option("--to", "until", type=WHEN, metavar="WHEN", help="Until when.  [default: now]")
@click.option("--dry-run", is_flag=True, help="Change nothing: count the events.")
@click.option("--apply", "apply_", is_flag=True, help="Take all in, however many cases may be opened.")
@by_whom
def replay(*, since: datetime, until: datetime | None, dry_run: bool, apply_: bool, by: str) -> None:
    """Read Paddle's events of some time again, and take them in.

    For what webhooks brought while something was broken. They go the way of those that reconciling finds: what is known
    already changes nothing, and a dead event is handled again. WHEN is a duration ago (90s, 2h, 7d), a day (2026-11-01)
    or a time (2026-11-01T09:30), both in UTC. Paddle keeps events for 90 days; they are read from now back, 200 a call,
    with at most a fifth of the API budget.

    If more failures without a case are found than DUNNING_BREAKER finds usual (50 with auto), no more are taken in, and
    the exit code is 1. --apply takes in all. This command mails nothing. Reads the variables that `dunning worker`
    reads.
    """
    until = until or datetime.now(UTC)
    if until <= since:
        raise click.UsageError("--to has to be later than --from.")
    if dry_run and apply_:
        raise click.UsageError("--dry-run changes nothing and --apply does: give one of them.")
    from cli.operate import replay as of_store

    of_store.replay(since, until, dry_run=dry_run, apply=apply_, by=by)
