"""`dunning connect`: makes Paddle's notification destination what it should be, and keeps its secret."""

import asyncio
from collections.abc import Iterator

import click

from cli.connect.permissions import told_permissions
from dunning import log
from dunning.addresses.web import parse_web_url
from dunning.errors import DunningError, NotPossibleError
from dunning.paddle.answers import Caller
from dunning.paddle.destinations import Aspect, Change, Destination, Plan, plan
from dunning.paddle_api.calls import CallRefusedError
from dunning.paddle_api.permissions import CONNECTING_NEEDS
from dunning.paddle_api.setup import Setup, open_setup
from dunning.settings.load import ConnectingSettings, load_connecting_settings
from dunning.settings.own_environment import keep_setting

WEBHOOK_SECRETS = "DUNNING_WEBHOOK_SECRETS"
TOO_MANY = "notification_maximum_active_settings_reached"


def connect(*, yes: bool) -> None:
    """Show what has to change at Paddle, ask, change it, and keep the secret.

    Raises:
        ClickException: Paddle doesn't answer, or refuses.
        Abort: whoever was asked said no, or nobody could be asked.
    """
    log.configure()
    settings = load_connecting_settings()
    _check_reachable(settings)
    try:
        ours = asyncio.run(_connect(settings, yes=yes))
    except CallRefusedError as error:
        if error.code == TOO_MANY:
            raise click.ClickException(
                "Paddle allows 10 active notification destinations, and there are 10: deactivate one in Paddle > "
                "Developer tools > Notifications."
            ) from None
        raise click.ClickException(str(error)) from None
    except DunningError as error:
        raise click.ClickException(str(error)) from None
    _keep_secret(settings, ours)
    click.echo("Next: `dunning doctor` looks whether everything is well, and `dunning up` starts.")


async def _connect(settings: ConnectingSettings, *, yes: bool) -> Destination:
    async with open_setup(settings.paddle.api_url, settings.paddle.api_key.get_secret_value()) as setup:
        caller, _ = await setup.caller()
        world = "the sandbox" if settings.paddle.sandbox else "live"
        click.echo(f"Paddle account {caller.account_id or 'unknown'}, {world}.")
        for line in told_permissions(caller):
            click.echo(line)
        _check_may_connect(caller)
        planned = await _plan(settings, setup)
        for line in _told(planned):
            click.echo(line)
        if planned.ours is not None and not planned.changes:
            return planned.ours
        if not yes:
            click.confirm("Do this at Paddle?", abort=True)
        ours = await setup.carry_out(planned)
    click.echo(f"Done: {ours.id}.")
    return ours


async def _plan(settings: ConnectingSettings, setup: Setup) -> Plan:
    secrets = {secret.get_secret_value() for secret in settings.webhook_secrets}
    return plan(
        await setup.destinations(),
        public_url=settings.public_url,
        secrets=secrets,
        offered=await setup.event_types(),
    )


def _check_reachable(settings: ConnectingSettings) -> None:
    """Refuse an address of this machine itself, unless a stand-in for Paddle on this machine is to find it."""
    if parse_web_url(settings.public_url).loopback and not parse_web_url(settings.paddle.api_url).loopback:
        raise click.ClickException(
            "DUNNING_PUBLIC_URL is an address of this machine itself, which Paddle can't reach: use one that leads "
            "here from outside, such as that of a tunnel."
        )


def _check_may_connect(caller: Caller) -> None:
    missing = [permission for permission in CONNECTING_NEEDS if caller.may(permission) is False]
    if missing:
        raise click.ClickException(
            f"To connect, the API key needs {' and '.join(missing)}: add that in Paddle > Developer tools > "
            "Authentication, or make the destination by hand, as docs/connect.md says."
        )


def _told(planned: Plan) -> Iterator[str]:
    """Say what is to be done, a line for each change."""
    if planned.ours is None:
        yield "There is no notification destination for this address. To be made:"
        yield f"+ {Aspect.ADDRESS}: {planned.address}"
        yield from (f"+ {Aspect.EVENT}: {name}" for name in planned.events)
    elif planned.changes:
        yield f"Notification destination {planned.ours.id} differs from what it should be:"
        for change in planned.changes:
            yield from _told_change(change)
    else:
        yield f"Notification destination {planned.ours.id} is as it should be: nothing to do at Paddle."
    for name in planned.not_offered:
        yield f"Note: Paddle does not list {name}, so it is left out."
    for other in planned.others_here:
        yield f"Note: {other} sends to the same address too, so everything comes twice. Deactivate it in Paddle."


def _told_change(change: Change) -> Iterator[str]:
    if change.before is not None:
        yield f"- {change.aspect}: {change.before}"
    if change.after is not None:
        yield f"+ {change.aspect}: {change.after}"


def _keep_secret(settings: ConnectingSettings, ours: Destination) -> None:
    """Keep the destination's secret beside those that are there, or print it where it can't be kept."""
    secret = ours.secret.get_secret_value()
    known = [one.get_secret_value() for one in settings.webhook_secrets]
    if not secret:
        raise click.ClickException(
            f"Paddle did not tell the secret key of {ours.id}: copy it from Paddle > Developer tools > Notifications "
            f"into {WEBHOOK_SECRETS}."
        )
    if secret in known:
        click.echo(f"{WEBHOOK_SECRETS} has the destination's secret key already.")
        return
    value = ",".join([*known, secret])
    try:
        path = keep_setting(WEBHOOK_SECRETS, value)
    except NotPossibleError as error:
        click.echo(f"The secret key was not written to a file. {error} Set this, and show it to nobody:", err=True)
        click.echo(f"{WEBHOOK_SECRETS}={value}")
    else:
        click.echo(f"The destination's secret key is in {path}, as {WEBHOOK_SECRETS}. Restart what runs already.")
