"""Goes the way step by step, says how far it came, and where it ends, why not further."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import click
from pydantic import SecretStr

from cli.connect.doctor.mail import look_at_mail
from cli.connect.doctor.paddle import look_at_paddle
from cli.connect.doctor.public import look_at_public_address
from cli.connect.trial.renewal import ALL, decline_at_the_twin, new_case
from cli.connect.trial.way import NotFurtherError, wait_for_click, wait_for_mail
from cli.run.changes import note_change
from cli.run.open_store import open_store
from dunning import log
from dunning.audit import Change
from dunning.casebook.by_hand import send_now
from dunning.casebook.campaigns import Campaigns
from dunning.errors import NotPossibleError
from dunning.findings import Level
from dunning.rules.case import Case
from dunning.settings.load import ConnectingSettings, Settings, StoreSettings, load_settings
from dunning.store import Store

NOT_FURTHER = 1
# A process says that it lives every ten seconds.
SILENT = timedelta(seconds=30)
# What waits for nobody takes seconds, and is not waited for as long as a person may take.
TOLD_WITHIN = timedelta(minutes=1)
MAILED_WITHIN = timedelta(minutes=2)

LET_ONE_FAIL = """\
Now let a renewal fail at Paddle, and leave this running. In the sandbox, a subscription that was bought with the card
4000 0027 6000 3184 is declined at each renewal; one of a daily price shows that within a day. Or take a case that is
open already: `dunning cases list`, and then `dunning try --case txn_...`."""


def try_(*, case_id: str | None, patience: timedelta, by: str) -> None:
    """Go the whole way, or say why not.

    Args:
        case_id: an open case to go it with, in place of one that is waited for.
        patience: how long each step of the way may take.
        by: who has the mail sent now.

    Raises:
        ClickException: mails would reach customers.
    """
    log.configure()
    settings = load_settings(redis_required=False)
    if settings.mail_redirect is None:
        raise click.ClickException(
            "This would mail a customer before the time. Set DUNNING_MAIL_REDIRECT to your own address first, and "
            "restart what runs."
        )
    try:
        asyncio.run(_go(settings, case_id, patience, by))
    except NotFurtherError as error:
        click.echo(f"No further: {error}", err=True)
        asyncio.run(_tell_what_is_wrong(settings))
        sys.exit(NOT_FURTHER)


async def _go(settings: Settings, case_id: str | None, patience: timedelta, by: str) -> None:
    async with open_store(StoreSettings(redis_url=settings.redis_url)) as store:
        campaigns = Campaigns(store, settings.campaigns)
        case = await _case(store, settings, case_id, patience)
        click.echo(f"2. Dunning has heard of it, and case {case.id} is open.")
        asked_at = datetime.now(UTC)
        step = await _mail_now(store, campaigns, case, by)
        await wait_for_mail(store, case.id, step, min(patience, MAILED_WITHIN))
        click.echo("3. The mail server has taken its mail, for the address in DUNNING_MAIL_REDIRECT.")
        click.echo(f"   Open it there, follow its link, which begins with {settings.public_url}, and press the button.")
        for sentence in await wait_for_click(store, case.id, asked_at, patience):
            click.echo(f"   {sentence}")
        click.echo("4. Your click led to Paddle's page, signed in. That is the whole way.")
        click.echo(f"   Pay there, and `dunning cases show {case.id}` tells that it is recovered.")


async def _case(store: Store, settings: Settings, case_id: str | None, patience: timedelta) -> Case:
    """Return an open case: the one that is named, or that of the next renewal that fails."""
    if case_id is not None:
        case = await store.cases.read(case_id)
        if case is None or not case.is_open:
            raise NotFurtherError(f"there is no open case {case_id}.")
        click.echo(f"1. A renewal was declined: {case_id}.")
        return case
    known = {one for one, _ in await store.due.next_up(0, ALL)}
    declined = await decline_at_the_twin(settings)
    click.echo(f"1. Declined a renewal at the twin of Paddle: {declined}." if declined else LET_ONE_FAIL)
    within = min(patience, TOLD_WITHIN) if declined else patience
    case = await new_case(store, known, declined, within)
    if declined is None:
        click.echo(f"1. A renewal was declined: {case.id}.")
    return case


async def _mail_now(store: Store, campaigns: Campaigns, case: Case, by: str) -> str:
    """Make the case's next step due, and return its name."""
    campaign = await campaigns.of(case)
    left = [step.name for step in campaign.steps if not case.delivery(step.name).is_settled(repeats=0)]
    if not left:
        raise NotFurtherError(f"case {case.id} has no step left to mail.")
    try:
        for line in await send_now(store, campaigns, case.id, left[0], datetime.now(UTC), by=by):
            click.echo(f"   {line}")
        await note_change(store, by, Change.SEND_NOW, case.id)
    except NotPossibleError as error:
        raise NotFurtherError(str(error)) from None
    return left[0]


async def _tell_what_is_wrong(settings: Settings) -> None:
    """Look at what the way leads over, and print what is not well."""
    connecting = ConnectingSettings(
        paddle=settings.paddle, public_url=settings.public_url, webhook_secrets=settings.webhook_secrets
    )
    now = datetime.now(UTC)
    looks = await asyncio.gather(
        look_at_paddle(settings.paddle, connecting, now), look_at_mail(settings), look_at_public_address(settings, now)
    )
    for finding in (finding for findings in looks for finding in findings):
        if finding.level in {Level.WARNING, Level.FAILURE}:
            click.echo(f"  {finding.means} {finding.do}", err=True)
    await _tell_of_silence(settings.redis_url)
    click.echo("`dunning doctor` looks at everything else.", err=True)


async def _tell_of_silence(redis_url: SecretStr | None) -> None:
    async with open_store(StoreSettings(redis_url=redis_url)) as store:
        gauges = (await store.health.snapshot(datetime.now(UTC))).gauges
        holds = await store.holds.all()
    for role in ("webhooks", "worker"):
        if gauges[f"{role}_silent_seconds"] > SILENT.total_seconds():
            click.echo(f"  No `dunning {role}` runs: start it, or `dunning up`.", err=True)
    for hold in holds:
        click.echo(f"  Sending is held ({hold.word}): {hold.sentence}", err=True)
