"""The sweep: hands what is due to the workers, about ten times a second, and drives again what was left lying."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from dunning.jobs import BATCH
from dunning.store import REDIS_ERRORS
from worker.services import Services

log = structlog.get_logger()

EVERY = timedelta(seconds=0.1)
REDRIVE_EVERY = timedelta(seconds=5)
SKEW_EVERY = timedelta(minutes=1)
# A claim outlives the longest send by 15 s; this leaves room for it on every side.
LARGEST_SKEW = timedelta(seconds=5)


async def sweep_forever(services: Services, picks_jobs: Callable[[], bool]) -> None:
    """Sweep until canceled. Any number of workers may: each sweep is one script, and takes what the last one left.

    A worker that is draining, and so `picks_jobs` no more, leaves what is due to the others.
    """
    now = asyncio.get_running_loop().time
    redrive_at = skew_at = now()
    away = skewed = False
    moved = 0
    while picks_jobs():
        try:
            if now() >= skew_at:
                skewed = await _is_skewed(services)
                skew_at = now() + SKEW_EVERY.total_seconds()
            moved = 0 if skewed else await sweep_once(services)
            if now() >= redrive_at:
                await redrive_once(services)
                redrive_at = now() + REDRIVE_EVERY.total_seconds()
            if away:
                log.info("sweep.redis_is_back")
            away = False
        except REDIS_ERRORS as error:
            moved = 0
            if not away:
                log.warning("sweep.redis_is_away", error=type(error).__name__)
            away = True
        except Exception:  # a sweep that ended would end all mail, and say nothing
            moved = 0
            log.exception("sweep.fault")
        # A full batch says that there may be more: take it at once.
        await asyncio.sleep(0 if moved == BATCH else EVERY.total_seconds())


async def _is_skewed(services: Services) -> bool:
    """Tell whether this machine's clock is wrong: claims and leases of several workers are compared by their clocks."""
    skew = services.machine_clock() - await services.store.health.time()
    if abs(skew) > LARGEST_SKEW:
        log.error("clock.skewed", seconds=round(skew.total_seconds(), 1), problem="not sweeping: set this clock right")
        return True
    return False


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
