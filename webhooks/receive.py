"""`POST /webhooks/paddle`: verify a notification, note what it says, and only then acknowledge it.

Paddle keeps our answer's body in its log. For three days, it repeats a notification that was not answered with 200.
"""

from datetime import datetime
from enum import StrEnum

import structlog
from aiohttp import hdrs, web

from dunning.alerts import Alert
from dunning.paddle.event_types import OTHER
from dunning.paddle.intake import (
    Accept,
    Bury,
    Decision,
    NewsOfKey,
    Refusal,
    Refused,
    Simulated,
    Unused,
    decide_notification,
)
from dunning.rules.troubles import KEY_NEWS
from webhooks.body import read_body
from webhooks.deadlines import FAILURES, RedisAwayError, redis_away, redis_within
from webhooks.keys import CLOCK, DEADLINES, METRICS, SETTINGS, SPARING_LOG, STORE

log = structlog.get_logger()

SIGNATURE_HEADER = "Paddle-Signature"

# Paddle goes by its own schedule; this is for whoever else retries.
RETRY_AFTER_SECONDS = 5

STATUS = {Refusal.BAD_SIGNATURE: 401, Refusal.NOT_AN_EVENT: 400}


class NotificationOutcome(StrEnum):
    """What became of an event that the inbox was not asked about; `Accepted` and `Refusal` name the others."""

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
    decision = decide_notification(
        body,
        request.headers.get(SIGNATURE_HEADER),
        secrets=[secret.get_secret_value() for secret in settings.webhook_secrets],
        now=now,
        tolerance=settings.webhook_tolerance,
    )
    if decision.secret is not None:
        app[METRICS].count_signature(decision.secret)
    if isinstance(decision, Refused):
        return _refuse(request, decision)
    try:
        outcome = await _carry_out(app, decision, now)
    except RedisAwayError as error:
        app[METRICS].count_notification(decision.label, NotificationOutcome.REDIS_AWAY)
        app[SPARING_LOG].warning("webhook.not_recorded", reason=str(error))
        return web.Response(
            status=503,
            text="It can't be recorded now: try again.",
            headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_SECONDS)},
        )
    app[METRICS].count_notification(decision.label, outcome)
    return web.Response()


async def _carry_out(app: web.Application, decision: Decision, now: datetime) -> str:
    """Do with an event what was decided, and return what became of it."""
    match decision:
        case Accept():
            return await _accept(app, decision, now)
        case Bury():
            await _bury(app, decision, now)
            return NotificationOutcome.MALFORMED
        case NewsOfKey():
            log.error(decision.alert)
            await _note_news(app, decision)
            return NotificationOutcome.API_KEY
        case Simulated():
            log.info("webhook.simulated", event_type=decision.label)
            return NotificationOutcome.SIMULATED
        case Unused():
            return NotificationOutcome.UNUSED


async def _accept(app: web.Application, accept: Accept, now: datetime) -> str:
    event = accept.event
    try:
        accepted = await app[STORE].inbox.accept(event, now)  # those who share a trip to Redis share its deadline
    except FAILURES as error:
        raise redis_away(error) from error
    log.info("webhook.accepted", event_id=event.id, event_type=event.type, entity_id=event.facts.id, outcome=accepted)
    return accepted


async def _note_news(app: web.Application, news: NewsOfKey) -> None:
    """Count it, so that whoever watches tells of it."""
    async with redis_within(app[DEADLINES].redis):
        await app[STORE].counters.add(f"{KEY_NEWS}{news.alert.rpartition('.')[2]}")


async def _bury(app: web.Application, bury: Bury, now: datetime) -> None:
    async with redis_within(app[DEADLINES].redis):
        await app[STORE].inbox.bury(bury, now)
    log.error(Alert.WEBHOOK_BURIED, event_id=bury.event_id, event_type=bury.label, reason=bury.reason)


def _refuse(request: web.Request, refused: Refused) -> web.Response:
    request.app[METRICS].count_notification(OTHER, refused.kind)
    request.app[SPARING_LOG].warning("webhook.refused", refused.kind, outcome=refused.kind, reason=refused.reason)
    return web.Response(status=STATUS[refused.kind], text=refused.reason)
