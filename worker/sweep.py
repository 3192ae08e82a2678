"""The sweep: hands what is due to the workers, about ten times a second, and drives again what was left lying."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from dunning.jobs import BATCH
from dunning.store import REDIS_ERRORS
from worker.services import Services

log = structlog.get_logger()

EVERY = timedelta(seconds=0.1)
REDRIVE_EVERY = timedelta(seconds=5)


async def sweep_forever(services: Services, picks_jobs: Callable[[], bool]) -> None:
    """Sweep until canceled. Any number of workers may: each sweep is one script, and takes what the last one left.

    A worker that is draining, and so `picks_jobs` no more, leaves what is due to the others.
    """
    redriven_at = datetime.min.replace(tzinfo=services.clock().tzinfo)
    away = False
    while picks_jobs():
        try:
            moved = await sweep_once(services)
            if services.clock() - redriven_at >= REDRIVE_EVERY:
                await redrive_once(services)
                redriven_at = services.clock()
            if away:
                log.info("sweep.redis_is_back")
            away = False
        except REDIS_ERRORS as error:
            moved = 0
            if not away:
                log.warning("sweep.redis_is_away", error=type(error).__name__)
            away = True
        # A full batch says that there may be more: take it at once.
        await asyncio.sleep(0 if moved == BATCH else EVERY.total_seconds())


async def sweep_once(services: Services) -> int:
    """Hand one batch of what is due to the workers, and return how many cases it held."""
    swept = await services.store.due.sweep(services.clock(), calls_per_case=1 if services.minting_on_send else 0)
    return swept.moved


async def redrive_once(services: Services) -> int:
    """Queue again the events that nobody handled in time, and return how many there were."""
    redriven = await services.store.inbox.redrive(services.clock())
    if redriven:
        log.warning("inbox.redriven", events=redriven)
    return redriven
