"""What a worker does again and again beside its jobs, whatever fails."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from dunning.store import REDIS_ERRORS

log = structlog.get_logger()


async def repeat(work: Callable[[], Awaitable[object]], every: timedelta, fault: str) -> None:
    """Do it, rest, and do it again, until canceled.

    Args:
        work: what is to be done.
        every: the rest in between.
        fault: what a fault of ours is logged as. The next time may well go right.
    """
    while True:
        try:
            await work()
        except REDIS_ERRORS:
            pass  # the sweep logs it
        except Exception:
            log.exception(fault)
        await asyncio.sleep(every.total_seconds())
