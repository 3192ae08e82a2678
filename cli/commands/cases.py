"""The `dunning cases` commands."""

import click

from cli.commands.paddle_id import CASE, CUSTOMER, SUBSCRIPTION

LIMIT = 50

_case = click.argument("case", type=CASE)
_json = click.option("--json", "in_json", is_flag=True, help="Print one JSON document.")


@click.group()
def cases() -> None:
    """Look at cases, and stop or send by hand.

    A case has the id of the transaction that is owed, txn_.... Times are UTC. Nothing here shows a name, an address or
    an amount: they are not kept. Reads DUNNING_REDIS_URL, or else finds the server that `dunning up` runs on this
    machine, and DUNNING_CAMPAIGN_FILE.
    """


@cases.command("list")
@click.option("--campaign", metavar="NAME", help="Only cases of this campaign.")
@click.option(
    "--subscription", type=SUBSCRIPTION, metavar="SUBSCRIPTION", help="Only cases of this subscription (sub_...)."
)
@click.option("--customer", type=CUSTOMER, metavar="CUSTOMER", help="Only cases of this customer (ctm_...).")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"How many at most.  [default: {LIMIT}, or no limit with --all]"
)
@click.option("--all", "all_", is_flag=True, help="Cases that ended in the last 90 days too, without a limit.")
@_json
def list_(
    *,
    campaign: str | None,
    subscription: str | None,
    customer: str | None,
    limit: int | None,
    all_: bool,
    in_json: bool,
) -> None:
    """List the open cases, the one that is due next first. With --all, those that ended follow, the latest first."""
    from cli.operate.cases import command
    from dunning.casebook.find import CaseQuery

    wanted = CaseQuery(campaign=campaign, subscription=subscription, customer=customer, ended=all_)
    command.list_(wanted, limit=limit if limit or all_ else LIMIT, in_json=in_json)


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
