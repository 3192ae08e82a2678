"""Grants for background work: it waits for each grant, and leaves most of the budget to mail and clicks."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from dunning.paddle_api.grants import Budget, Grant

# Background work takes at most a fifth of the API budget.
SHARE = 5
MINUTE = timedelta(minutes=1)
ASK_AGAIN_AFTER = timedelta(seconds=1)


async def _nothing() -> None:
    """Do nothing."""


class PatientGrants:
    """Gives one grant after the other, with a pause between them, each when there is room for it."""

    def __init__(self, budget: Budget, rate_limit: int, before_each: Callable[[], Awaitable[None]] = _nothing) -> None:
        """Keep to a fifth of `rate_limit` calls a minute. `before_each` is awaited before each request for a grant."""
        self._budget = budget
        self._pause_seconds = (MINUTE * SHARE / rate_limit).total_seconds()
        self._before_each = before_each
        self._not_before = 0.0

    async def __call__(self) -> Grant:
        """Wait for a grant."""
        now = asyncio.get_running_loop().time
        await asyncio.sleep(self._not_before - now())
        while True:
            await self._before_each()
            grants = await self._budget.ask(1, background=True)
            if grants:
                self._not_before = now() + self._pause_seconds
                return grants[0]
            await asyncio.sleep(ASK_AGAIN_AFTER.total_seconds())
