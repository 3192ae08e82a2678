"""`POST /webhooks/paddle`: verify a notification, note what it says, and only then acknowledge it.

Paddle keeps our answer's body in its log, and repeats what was not answered 200 for three days.
"""

from datetime import UTC, datetime
from enum import StrEnum

import structlog
from aiohttp import hdrs, web

from dunning.errors import InvalidSignatureError, MalformedEventError, NotAnEventError
from dunning.events import USED, Envelope, burial_id, is_simulated, parse_envelope
from dunning.projection import project
from dunning.signature import verify_signature
from webhooks import event_types
from webhooks.body import read_body
from webhooks.deadlines import RedisAwayError, redis_within
from webhooks.keys import CLOCK, DEADLINES, METRICS, SETTINGS, SPARING_LOG, STORE

log = structlog.get_logger()

SIGNATURE_HEADER = "Paddle-Signature"

# Paddle goes by its own schedule; this is for whoever else retries.
RETRY_AFTER_SECONDS = 5

# https://developer.paddle.com/webhooks/overview; rotations since November 2026.
NEWS_OF_KEYS = ("api_key.", "api_key_exposure.", "api_key_rotation.")

# Paddle's have 30.
MAX_ID_LENGTH = 64


class Outcome(StrEnum):
    """What became of a notification that the inbox was not asked about; `Accepted` names the others."""

    BAD_SIGNATURE = "bad_signature"
    NOT_AN_EVENT = "not_an_event"
    SIMULATED = "simulated"
    UNUSED = "unused"
    API_KEY = "api_key"
    MALFORMED = "malformed"
    REDIS_AWAY = "redis_away"


async def receive(request: web.Request) -> web.Response:
    """Take in one notification. 200 means that it is recorded, or that there is nothing in it for us."""
    app = request.app
    body = await read_body(request, app[DEADLINES].body)
    now = app[CLOCK]()
    settings = app[SETTINGS]
    try:
        verify_signature(
            body,
            request.headers.get(SIGNATURE_HEADER),
            secrets=[secret.get_secret_value() for secret in settings.webhook_secrets],
            now=now,
            tolerance=settings.webhook_tolerance,
        )
        envelope = parse_envelope(body)
    except InvalidSignatureError as error:
        return _refuse(request, 401, Outcome.BAD_SIGNATURE, error)
    except NotAnEventError as error:
        return _refuse(request, 400, Outcome.NOT_AN_EVENT, error)
    try:
        outcome = await _record(request, envelope, body, now)
    except RedisAwayError as error:
        app[METRICS].count_notification(envelope.event_type, Outcome.REDIS_AWAY)
        app[SPARING_LOG].warning("webhook.not_recorded", reason=str(error))
        return web.Response(
            status=503,
            text="It can't be recorded now: try again.",
            headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_SECONDS)},
        )
    app[METRICS].count_notification(envelope.event_type, outcome)
    return web.Response()


async def _record(request: web.Request, envelope: Envelope, body: bytes, now: datetime) -> str:
    """Do with a verified event what its type asks for, and return what that was."""
    if is_simulated(envelope):
        log.info("webhook.simulated", event_type=event_types.label(envelope.event_type))
        return Outcome.SIMULATED
    if envelope.event_type.startswith(NEWS_OF_KEYS):
        _alert(envelope)
        return Outcome.API_KEY
    if envelope.event_type not in USED:
        return Outcome.UNUSED
    try:
        event = project(body, envelope)
    except MalformedEventError as error:
        await _bury(request, envelope, str(error), now)
        return Outcome.MALFORMED
    async with redis_within(request.app[DEADLINES].redis):
        accepted = await request.app[STORE].inbox.accept(event, now)
    log.info("webhook.accepted", event_id=event.id, event_type=event.type, entity_id=event.facts.id, outcome=accepted)
    return accepted


async def _bury(request: web.Request, envelope: Envelope, reason: str, now: datetime) -> None:
    """Keep a malformed event as dead: Paddle would send the same again for three days."""
    event_id = burial_id(envelope)
    at = envelope.occurred_at
    async with redis_within(request.app[DEADLINES].redis):
        await request.app[STORE].inbox.bury(
            event_id,
            event_type=envelope.event_type,
            notification_id=envelope.notification_id if _is_id(envelope.notification_id) else None,
            # Having no offset may be what is wrong with it; Paddle's times are UTC.
            occurred_at=at if at.tzinfo else at.replace(tzinfo=UTC),
            reason=reason,
            now=now,
        )
    log.error("webhook.buried", event_id=event_id, event_type=envelope.event_type, reason=reason)


def _alert(envelope: Envelope) -> None:
    """Tell the operator about a key. Nothing stops: what the key may still do, Paddle's next answer says."""
    entity, _, what = event_types.label(envelope.event_type).partition(".")
    if entity == "api_key_exposure":
        what = "exposed"
    elif entity == "api_key_rotation":
        what = f"rotation_{what}"
    alert = f"paddle.api_key.{what or 'changed'}"
    log.error(alert)


def _is_id(text: str | None) -> bool:
    return text is not None and text.isascii() and text.replace("_", "").isalnum() and len(text) <= MAX_ID_LENGTH


def _refuse(request: web.Request, status: int, outcome: Outcome, error: Exception) -> web.Response:
    request.app[METRICS].count_notification("", outcome)
    request.app[SPARING_LOG].warning("webhook.refused", outcome, outcome=outcome, reason=str(error))
    return web.Response(status=status, text=str(error))
