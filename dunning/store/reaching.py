"""At the start of a process: whether Redis can be reached and worked with, said until it can.

The processes outlive a Redis that is away, and so they wait for one that isn't there yet. They must not do so silently.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog
from redis.exceptions import ResponseError

from dunning.alerts import Alert
from dunning.errors import DunningError
from dunning.findings import Finding, Level
from dunning.store.configuration import look_at_configuration
from dunning.store.driver.connection import REDIS_ERRORS, Patience, RedisClient, connect, disconnect
from dunning.store.driver.reach import NOT_TLS, Trouble, diagnose, too_old
from dunning.store.health import Health

log = structlog.get_logger()

LOOK_WITHIN = timedelta(seconds=4)
SAY_AGAIN_EVERY = timedelta(minutes=1)
LOOK_EVERY = timedelta(seconds=1)


async def tell_until_reached(url: str, clock: Callable[[], datetime]) -> None:
    """Log why Redis can't be reached or worked with, at once and each minute, until it can. Never raises.

    Args:
        url: as `DUNNING_REDIS_URL` gives it; nothing of it is told.
        clock: the time.
    """
    since, said_at = clock(), None
    while (trouble := await find_trouble(url, clock())) is not None:
        if said_at is None or clock() - said_at >= SAY_AGAIN_EVERY:
            log.error(Alert.REDIS_UNREACHABLE, reason=trouble.reason, problem=trouble.problem, since=since.isoformat())
            said_at = clock()
        await asyncio.sleep(LOOK_EVERY.total_seconds())
    if said_at is not None:
        log.info(Alert.REDIS_REACHED, after_seconds=round((clock() - since).total_seconds()))
    await tell_configuration(url)


async def tell_once(url: str, now: datetime) -> None:
    """Log why Redis can't be reached or worked with, if it can't. For who can't wait until it can. Never raises."""
    if (trouble := await find_trouble(url, now)) is not None:
        log.error(Alert.REDIS_UNREACHABLE, reason=trouble.reason, problem=trouble.problem, since=now.isoformat())
    else:
        await tell_configuration(url)


async def tell_configuration(url: str) -> None:
    """Log what about Redis' configuration could lose work, and what could not be looked at. Never raises."""
    try:
        findings = await look_at_redis(url)
    except REDIS_ERRORS:  # whoever uses it next tells
        return
    for finding in findings:
        if finding.level in {Level.WARNING, Level.FAILURE}:
            log.warning("redis.configuration", about=finding.about, problem=f"{finding.means} {finding.do}")
        elif finding.level is Level.NOTE:
            log.info("redis.configuration", about=finding.about, problem=f"{finding.means} {finding.do}")


async def look_at_redis(url: str) -> list[Finding]:
    """Look at a Redis that can be reached, within a few seconds.

    Raises:
        RedisError: it can't be reached, or went away; an OSError or TimeoutError just as well.
    """
    redis = connect(url, Patience.LITTLE)
    try:
        async with asyncio.timeout(LOOK_WITHIN.total_seconds()):
            return await look_at_configuration(redis, datetime.now(UTC))
    finally:
        with contextlib.suppress(*REDIS_ERRORS):
            await disconnect(redis)


async def find_trouble(url: str, now: datetime) -> Trouble | None:
    """Return what keeps us from working with this Redis, within a few seconds; None for nothing."""
    redis = connect(url, Patience.LITTLE)
    try:
        async with asyncio.timeout(LOOK_WITHIN.total_seconds()):
            return await _look(redis, now)
    except REDIS_ERRORS as error:
        found = diagnose(error)
        return NOT_TLS if found.reason == "address" and await _speaks_no_tls(url) else found
    finally:
        with contextlib.suppress(*REDIS_ERRORS):
            await disconnect(redis)


async def _look(redis: RedisClient, now: datetime) -> Trouble | None:
    with contextlib.suppress(ResponseError):  # who may not ask for the version is taken at their word
        version = str((await redis.info("server")).get("redis_version", ""))
        if (old := too_old(version)) is not None:
            return old
    try:
        await Health(redis).ready(now)
    except DunningError as error:
        return diagnose(error.__cause__ or error)
    return None


async def _speaks_no_tls(url: str) -> bool:
    """Tell whether somebody listens where TLS was to be spoken: a server without it waits for more of what it gets."""
    if not url.startswith("rediss:"):
        return False
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 6379)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
