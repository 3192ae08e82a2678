"""Wait for something to become true."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], *, within_seconds: float = 20) -> T:
    """Look again and again until what is seen is true, and return it."""
    async with asyncio.timeout(within_seconds):
        while not (seen := await look()):  # noqa: ASYNC110 - what is awaited happens outside this loop
            await asyncio.sleep(0.01)
        return seen
