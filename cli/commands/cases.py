"""The `dunning cases` commands."""

from collections.abc import Sequence
from datetime import datetime

import click

from cli.commands.examples import examples
from cli.commands.moment import WHEN
from cli.commands.paddle_id import CASE, CUSTOMER, SUBSCRIPTION
from dunning.reasons import EndReason

LIMIT = 50
# As `CaseState` has them, which a help can't load.
STATES = ("open", "recovered", "exhausted", "stopped")
REASONS = tuple(reason.value for reason in EndReason)

_case = click.argument("case", type=CASE)
_json = click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")


@click.group()
def cases() -> None:
    """Look at cases, and stop or send by hand.

    A case has the id of the transaction that is owed, txn_.... Times are UTC. Nothing here shows a name, an address or
    an amount: they are not kept. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this
    machine, and DUNNING_CAMPAIGN_FILE.
    """


@cases.command(
    "list",
    epilog=examples(
        "dunning cases list --state recovered --since 7d",
        "dunning cases list --reason charged_back --csv > disputes.csv",
        "dunning cases list --all --customer ctm_01h8441jn5pcwrfhwh78jqt8hk",
    ),
)
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these. May be given twice.")
@click.option("--reason", type=click.Choice(REASONS), metavar="REASON", help="Only cases that ended for this reason.")
@click.option("--since", type=WHEN, metavar="WHEN", help="Only cases that ended, or if open failed, since then.")
@click.option("--campaign", metavar="NAME", help="Only cases of this campaign.")
@click.option(
    "--subscription", type=SUBSCRIPTION, metavar="SUBSCRIPTION", help="Only cases of this subscription (sub_...)."
)
@click.option("--customer", type=CUSTOMER, metavar="CUSTOMER", help="Only cases of this customer (ctm_...).")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"How many at most.  [default: {LIMIT}, or no limit with --all]"
)
@click.option("--all", "all_", is_flag=True, help="Open cases, and those that ended in the last 90 days.")
@_json
@click.option("--csv", "in_csv", is_flag=True, help="Print comma-separated values, with a line of headings.")
def list_(
    *,
    states: Sequence[str],
    reason: str | None,
    since: datetime | None,
    campaign: str | None,
    subscription: str | None,
    customer: str | None,
    limit: int | None,
    all_: bool,
    in_json: bool,
    in_csv: bool,
) -> None:
    """List cases: the open ones, the one that is due next first, then those that ended, the latest first.

    Without --state, --reason or --all, only open cases are listed. WHEN is a duration ago (2h, 7d), a day (2026-11-01)
    or a time (2026-11-01T09:30), both in UTC. REASON is one of the words that `cases show` has behind the state.
    """
    if in_json and in_csv:
        raise click.UsageError("--json and --csv are two forms: give one of them.")
    if all_ and states:
        raise click.UsageError("--all is every state: give it, or --state.")
    from cli.operate.cases import command, listing
    from dunning.casebook.find import CaseQuery

    wanted = CaseQuery(
        campaign=campaign,
        subscription=subscription,
        customer=customer,
        states=listing.states(states, all_=all_, of_ended=reason is not None),
        reason=reason,
        since=since,
    )
    form = "json" if in_json else "csv" if in_csv else "table"
    command.list_(wanted, limit=limit if limit or all_ else LIMIT, form=form)


@cases.command()
@_case
@_json
def show(*, case: str, in_json: bool) -> None:
    """Tell the whole story of CASE: its events, decisions with their reasons, mails and clicks."""
    from cli.operate.cases import command

    command.show(case, in_json=in_json)


@cases.command()
@_case
def stop(*, case: str) -> None:
    """End CASE: no more mail, and its payment links are dead.

    The debt stays open at Paddle. A case that was stopped can't be started again.
    """
    from cli.operate.cases import command

    command.stop(case)


@cases.command("send-now")
@_case
@click.option("--step", metavar="STEP", help="This step, in place of the next one that is not done.")
def send_now(*, case: str, step: str | None) -> None:
    """Make a step of CASE due now.

    It is sent in the usual way: Paddle is asked first, and pauses, holds and sending hours count.
    """
    from cli.operate.cases import command

    command.send_now(case, step)
