"""The job that tells one destination what it is to be told. A destination has one such job at a time.

So a destination that answers slowly, or not at all, takes one of a worker's places for jobs, and no other waits for it.
"""

import asyncio
import ssl
from datetime import timedelta

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, hdrs

from dunning import time_limits
from dunning.alerts import Alert
from dunning.rules.out_retries import LOADED_REST, TIMED_OUT, UNREACHABLE, Judged, Then, failed, judge
from dunning.settings.out_webhooks import OutWebhook, key_bytes
from dunning.store import Unsent
from worker.services import WorkerServices
from worker.tell.signature import signed_headers

log = structlog.get_logger()

# How many are on their way to one destination at once.
AT_ONCE = 10
HEADERS = {hdrs.CONTENT_TYPE: "application/json", hdrs.USER_AGENT: "paddle-dunning"}


async def tell_destination(services: WorkerServices, name: str, within: timedelta = time_limits.TELL) -> None:
    """Send what is due to a destination, some at once, for as long as a job may take.

    1. If it said that it wants no more, give up all that waits for it.
    2. Send what is longest due, and write what came of each.
    3. If it asks to be left alone, or took none of so many, leave it alone for a while.

    An answer has to come `within` this time.
    """
    destination = next((one for one in services.settings.out_webhooks if one.name == name), None)
    if destination is None:
        return  # of another worker's settings
    clock = asyncio.get_running_loop().time
    ends_at = clock() + time_limits.TELLING.total_seconds()
    timeout = ClientTimeout(total=within.total_seconds())
    async with ClientSession(timeout=timeout, cookie_jar=DummyCookieJar(), headers=HEADERS) as http:
        while clock() < ends_at:
            if await services.store.out_webhooks.is_gone(name):
                await _bury(services, name)
                return
            events = await services.store.out_webhooks.due(name, services.clock(), AT_ONCE)
            if not events:
                return
            judged = await asyncio.gather(*(_tell(services, http, destination, event) for event in events))
            if rest := _rest(judged):
                await services.store.out_webhooks.rest(name, rest)
                return


async def leave_the_rest(_services: WorkerServices, name: str, reason: str) -> None:
    """Give this job up: what waits for the destination gets another one at the next sweep."""
    log.error("out_webhook.fault", destination=name, reason=reason)


async def _tell(services: WorkerServices, http: ClientSession, destination: OutWebhook, event: Unsent) -> Judged:
    judged = await _send(services, http, destination, event)
    now, store = services.clock(), services.store.out_webhooks
    facts = {"destination": destination.name, "id": event.id, "why": judged.why, "tries": event.tries + 1}
    match judged.then:
        case Then.NOTHING:
            await store.told(event)
        case Then.AGAIN:
            await store.again(event, judged.why, now + judged.again_in)
            log.warning("out_webhook.failed", again_in_seconds=round(judged.again_in.total_seconds()), **facts)
        case Then.GIVE_UP:
            await store.give_up(event, judged.why, now)
            log.error(Alert.OUT_WEBHOOK_DEAD, **facts)
        case Then.GONE:
            await store.give_up(event, judged.why, now)
            await store.gone(destination.name)
            log.error(Alert.OUT_WEBHOOK_DEAD, **facts)
    return judged


async def _send(services: WorkerServices, http: ClientSession, destination: OutWebhook, event: Unsent) -> Judged:
    """Make one try. Its answer's body is of no interest, and is not read."""
    body = event.body.encode()
    keys = [key_bytes(secret) for secret in destination.keys]
    # The signature goes by this machine's own clock, which the receiver compares with its own.
    headers = signed_headers(event.id, body, services.machine_clock(), keys)
    chance = services.chance.jitter()
    try:
        async with http.post(
            destination.url.get_secret_value(), data=body, headers=headers, allow_redirects=False
        ) as response:
            return judge(
                response.status,
                response.headers.get(hdrs.RETRY_AFTER),
                tries=event.tries,
                chance=chance,
                now=services.machine_clock(),
            )
    except TimeoutError:
        return failed(TIMED_OUT, tries=event.tries, chance=chance)
    except (ClientError, OSError, ssl.SSLError):  # its text may quote the URL
        return failed(UNREACHABLE, tries=event.tries, chance=chance)


def _rest(judged: list[Judged]) -> timedelta | None:
    """Return for how long the destination is left alone."""
    asked = [one.rest for one in judged if one.rest is not None]
    if asked:
        return max(asked)
    took_none = all(one.then in {Then.AGAIN, Then.GIVE_UP} for one in judged)
    return LOADED_REST if took_none and len(judged) == AT_ONCE else None


async def _bury(services: WorkerServices, name: str) -> None:
    buried = await services.store.out_webhooks.bury_all(name, "http_410", services.clock())
    if buried:
        log.error(Alert.OUT_WEBHOOK_DEAD, destination=name, why="http_410", events=buried)
