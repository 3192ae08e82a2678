"""The `dunning cases` commands."""

from collections.abc import Sequence
from datetime import datetime

import click

from cli.commands.by import by_whom
from cli.commands.examples import examples
from cli.commands.moment import WHEN
from cli.commands.paddle_id import ABOUT, CASE, CUSTOMER, SUBSCRIPTION
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
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    metavar="STATE",
    multiple=True,
    help=f"Only cases that are {', '.join(STATES)}. May be given several times.",
)
@click.option("--reason", type=click.Choice(REASONS), metavar="REASON", help="Only cases that ended for this reason.")
@click.option("--since", type=WHEN, metavar="WHEN", help="Only cases that ended, or if open failed, since then.")
@click.option("--campaign", metavar="NAME", help="Only cases of this campaign.")
@click.option("--held-out", is_flag=True, help="Only cases that are left unmailed, by `hold_out` of their campaign.")
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
    held_out: bool,
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
    from cli.operate.cases import command
    from dunning.casebook.find import EVERY, CaseQuery, states_asked
    from dunning.rules.case import CaseState

    wanted = CaseQuery(
        campaign=campaign,
        subscription=subscription,
        customer=customer,
        states=EVERY if all_ else states_asked([*map(CaseState, states)], reason=reason),
        reason=reason,
        held_out=held_out,
        since=since,
    )
    form = "json" if in_json else "csv" if in_csv else "table"
    command.list_(wanted, limit=limit if limit or all_ else LIMIT, form=form)


@cases.command(
    epilog=examples(
        "dunning cases show txn_01h7zdqstxe6djaefkqbkjy4k2",
        "dunning cases show ctm_01h8441jn5pcwrfhwh78jqt8hk --verbose",
        "dunning cases show https://billing.example.com/pay/TXN_01H7ZDQSTXE6DJAEFKQBKJY4K2.1767225600.MZXW6...",
        "dunning cases show customer@example.com",
    )
)
@click.argument("about", type=ABOUT)
@click.option("-v", "--verbose", is_flag=True, help="Tell it in the words of logs, metrics and settings.")
@_json
def show(*, about: str, verbose: bool, in_json: bool) -> None:
    """Tell the whole story of a case: what happened, what was decided and why, mails and clicks.

    ABOUT is the id of a transaction, a subscription (sub_...) or a customer (ctm_...), a payment link, or an email
    address. Several cases of a customer or a subscription are listed. Whose an address is, is asked of Paddle, with
    DUNNING_PADDLE_API_KEY; it is stored nowhere.

    The words can be read to a customer. If there is no case, it says why, as far as that is still known, and the exit
    code is 1. It is 2 if ABOUT is none of these.
    """
    from cli.operate.cases import command

    command.show(about, verbose=verbose, in_json=in_json)


@cases.command(epilog=examples("dunning cases stop txn_01h7zdqstxe6djaefkqbkjy4k2"))
@_case
@by_whom
def stop(*, case: str, by: str) -> None:
    """End CASE: no more mail, and its payment links are dead.

    The debt stays open at Paddle. A case that was stopped can't be started again.
    """
    from cli.operate.cases import command

    command.stop(case, by)


@cases.command(
    "send-now",
    epilog=examples(
        "dunning cases send-now txn_01h7zdqstxe6djaefkqbkjy4k2",
        "dunning cases send-now txn_01h7zdqstxe6djaefkqbkjy4k2 --step final_notice",
    ),
)
@_case
@click.option("--step", metavar="STEP", help="This step, in place of the next one that is not done.")
@by_whom
def send_now(*, case: str, step: str | None, by: str) -> None:
    """Make a step of CASE due now.

    It is sent in the usual way: Paddle is asked first, and pauses, holds and sending hours count.
    """
    from cli.operate.cases import command

    command.send_now(case, step, by)


@click.command(epilog=examples("dunning resend txn_01h7zdqstxe6djaefkqbkjy4k2"))
@_case
@by_whom
def resend(*, case: str, by: str) -> None:
    """Send the last mail about a debt once more, for a customer who didn't get it.

    CASE is the transaction's id. It goes the usual way: Paddle is asked first, also for the address, and pauses, holds
    and sending hours count. It is a mail of its own: no mail program takes it for the one before. Reads
    DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this machine, and DUNNING_CAMPAIGN_FILE.
    The exit code is 1 if nothing can be sent.
    """
    from cli.operate.cases import command

    command.resend(case, by)
