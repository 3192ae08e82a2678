"""Looks at Paddle: the key, its permissions, the clock, and whether what happens there is sent here."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cli.connect.permissions import missing_permissions, needless_permissions, optional_permissions
from dunning.errors import DunningError, OperatorMustActError, TransientError
from dunning.findings import Finding, Level
from dunning.paddle.answers import Caller
from dunning.paddle.destinations import Aspect, Destination, Plan, plan
from dunning.paddle_api.calls import CallRefusedError
from dunning.paddle_api.permissions import LOOKING_NEEDS
from dunning.paddle_api.setup import Setup, open_setup
from dunning.settings.load import ConnectingSettings, PaddleSettings
from dunning.time_limits import LARGEST_CLOCK_SKEW

ANSWER_WITHIN = timedelta(seconds=3)
DELIVERIES_OF = timedelta(days=1)
CONNECT = "Run `dunning connect`."
KEYS = "Paddle > Developer tools > Authentication"
DESTINATION, DELIVERIES = "paddle.destination", "paddle.deliveries"


async def look_at_paddle(
    settings: PaddleSettings, connecting: ConnectingSettings | None, now: datetime
) -> list[Finding]:
    """Look at Paddle. Without `connecting`, the destination can't be looked for."""
    async with open_setup(settings.api_url, settings.api_key.get_secret_value(), ANSWER_WITHIN) as setup:
        try:
            caller, paddles_time = await setup.caller()
        except OperatorMustActError as error:
            return [Finding("paddle.key", Level.FAILURE, str(error), f"Make a new key in {KEYS}.")]
        except DunningError as error:
            return [Finding("paddle", Level.FAILURE, str(error), _what_to_do(error))]
        findings = [_of_key(settings, caller), *_of_permissions(caller), *_of_clock(paddles_time, now)]
        if connecting is not None:
            findings += await _of_destination(setup, caller, connecting, now)
        return findings


def _what_to_do(error: DunningError) -> str:
    if isinstance(error, TransientError) and error.retry_after is not None:
        return "Try again in a minute: all that calls Paddle from this machine's address shares one limit."
    return "See whether this machine reaches Paddle's API, and whether Paddle tells of an outage."


def _of_key(settings: PaddleSettings, caller: Caller) -> Finding:
    world = "sandbox" if settings.sandbox else "live"
    return Finding("paddle.key", Level.OK, f"The {world} account {caller.account_id or 'unknown'} takes the API key.")


def _of_permissions(caller: Caller) -> Iterator[Finding]:
    missing, needless = missing_permissions(caller), needless_permissions(caller)
    if caller.permissions is None:
        yield Finding("paddle.permissions", Level.NOTE, "Could not look: Paddle does not say what the key may do.")
        return
    if missing:
        means = f"The API key lacks {', '.join(missing)}."
        yield Finding("paddle.permissions", Level.FAILURE, means, f"Add that in {KEYS}.")
    else:
        yield Finding("paddle.permissions", Level.OK, "The API key has every permission that is needed.")
    if optional := optional_permissions(caller):
        means = f"The API key has no {', '.join(optional)}, which is optional."
        do = f"With it, reports tell better what came before a payment. Add it in {KEYS}."
        yield Finding("paddle.permissions", Level.NOTE, means, do)
    if needless:
        means = f"The API key may do what nothing here needs: {', '.join(needless)}."
        yield Finding("paddle.permissions", Level.NOTE, means, f"Take that away in {KEYS}.")


def _of_clock(paddles_time: datetime | None, now: datetime) -> Iterator[Finding]:
    if paddles_time is None:
        yield Finding("paddle.clock", Level.NOTE, "Could not look: Paddle's answer has no Date.")
        return
    skew = abs(now - paddles_time)
    means = f"This machine's clock and Paddle's differ by about {skew.total_seconds():.0f} s."
    # Paddle's is in whole seconds, and its answer took some time.
    if skew > LARGEST_CLOCK_SKEW + timedelta(seconds=1) + ANSWER_WITHIN:
        do = "Set this machine's clock by NTP: signatures of notifications are refused by their time."
        yield Finding("paddle.clock", Level.FAILURE, means, do)
    else:
        yield Finding("paddle.clock", Level.OK, means)


async def _of_destination(setup: Setup, caller: Caller, connecting: ConnectingSettings, now: datetime) -> list[Finding]:
    if caller.may(LOOKING_NEEDS[0]) is False:
        means = f"Could not look: the API key has no {LOOKING_NEEDS[0]}."
        return [Finding(DESTINATION, Level.NOTE, means, "See Paddle > Developer tools > Notifications.")]
    secrets = {secret.get_secret_value() for secret in connecting.webhook_secrets}
    try:
        planned = plan(
            await setup.destinations(),
            public_url=connecting.public_url,
            secrets=secrets,
            offered=await setup.event_types(),
        )
    except DunningError as error:
        return [Finding(DESTINATION, Level.NOTE, f"Could not look: {error}")]
    if planned.ours is None:
        means = f"No notification destination of Paddle's sends to {planned.address}: nothing is heard from Paddle."
        return [Finding(DESTINATION, Level.FAILURE, means, CONNECT)]
    return [
        *_of_ours(planned, planned.ours, secrets),
        await _of_deliveries(setup, planned.ours, now),
    ]


def _of_ours(planned: Plan, ours: Destination, secrets: set[str]) -> Iterator[Finding]:
    wrong = [change for change in planned.changes if change.aspect is not Aspect.EVENT]
    lacking = [str(change.after) for change in planned.changes if change.aspect is Aspect.EVENT and change.after]
    if wrong:
        said = ", ".join(f"{change.aspect} is {change.before}" for change in wrong)
        yield Finding(DESTINATION, Level.FAILURE, f"The destination {ours.id} sends nothing here: {said}.", CONNECT)
    if lacking:
        means = f"The destination {ours.id} does not send {', '.join(lacking)}."
        yield Finding(DESTINATION, Level.WARNING, means, CONNECT)
    if ours.secret.get_secret_value() and ours.secret.get_secret_value() not in secrets:
        means = f"DUNNING_WEBHOOK_SECRETS lacks the secret key of {ours.id}: all that it sends is refused."
        yield Finding(DESTINATION, Level.FAILURE, means, CONNECT)
    if planned.others_here:
        means = f"{', '.join(planned.others_here)} sends here too: everything comes twice."
        yield Finding(DESTINATION, Level.NOTE, means, "Deactivate it in Paddle > Developer tools > Notifications.")
    if not wrong and not lacking:
        yield Finding(DESTINATION, Level.OK, f"The destination {ours.id} is active and sends here what is used.")


async def _of_deliveries(setup: Setup, ours: Destination, now: datetime) -> Finding:
    try:
        undelivered = await setup.undelivered(ours.id, now - DELIVERIES_OF)
    except (CallRefusedError, DunningError) as error:
        return Finding(DELIVERIES, Level.NOTE, f"Could not look: {error}")
    if undelivered:
        means = f"Of the last 24 hours, {undelivered} notifications failed or wait for another try."
        do = "See the answers in Paddle > Developer tools > Notifications. `dunning reconcile` reads what was missed."
        return Finding(DELIVERIES, Level.WARNING, means, do)
    return Finding(DELIVERIES, Level.OK, "Every notification of the last 24 hours was delivered.")
