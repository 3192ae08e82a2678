"""A file that shows that a process works, for an orchestrator that can't ask it over HTTP."""

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog

log = structlog.get_logger()

EVERY = timedelta(seconds=10)


async def touch_forever(path: Path) -> None:
    """Touch the file every ten seconds until canceled, whatever Redis does: a restart would not bring Redis back."""
    while True:
        try:
            path.touch()  # noqa: ASYNC240 - one call, on a file in memory or on a local disk
        except OSError as error:
            log.warning("alive.not_written", error=error.strerror)
        await asyncio.sleep(EVERY.total_seconds())
