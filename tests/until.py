"""Wait for something to become true."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

# At first often; when it takes long, seldom: who looks all the time keeps the processor from what is waited for.
OFTEN_SECONDS, SELDOM_SECONDS, SLOWER = 0.01, 0.1, 1.05
# Far more than anything takes, and less than a test may: a machine may have little time for us.
PATIENCE_SECONDS = 120


async def until(look: Callable[[], Awaitable[T | None]], *, within_seconds: float = PATIENCE_SECONDS) -> T:
    """Look again and again until what is seen is true, and return it."""
    pause = OFTEN_SECONDS
    async with asyncio.timeout(within_seconds):
        while not (seen := await look()):
            await asyncio.sleep(pause)
            pause = min(pause * SLOWER, SELDOM_SECONDS)
        return seen
