"""How arq's worker waits for a Redis that is away: for as long as it takes, and no longer than it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

T = TypeVar("T")

LONGEST_PAUSE_SECONDS = 1.0


class _Backoff(ExponentialWithJitterBackoff):
    """Stop doubling once the longest pause is reached.

    redis-py's own doubles on, and raises OverflowError at the 1024th failure, a quarter of an hour into an outage.
    """

    def compute(self, failures: int) -> float:
        return super().compute(min(failures, 10))


class WaitOut(Retry):
    """Try again until it works, or until the task that used this first has ended.

    arq's main loop ends at the first error that reaches it, and uses the connection first. Once it has been told to
    stop, waiting for Redis to say goodbye would only keep the process.
    """

    __slots__ = ("_main",)

    def __init__(self) -> None:
        super().__init__(_Backoff(base=0.05, cap=LONGEST_PAUSE_SECONDS), -1)
        self._main: asyncio.Task[Any] | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Stay one: every connection gets a deep copy, and all of them end with the same task."""
        return self

    async def call_with_retry(self, do: Callable[[], Awaitable[T]], fail: Callable[[RedisError], Any]) -> T:
        """Run `do` until it works."""
        self._main = self._main or asyncio.current_task()

        async def fail_unless_over(error: RedisError) -> None:
            await fail(error)
            if self._main is not None and self._main.done():
                raise error

        return await super().call_with_retry(do, fail_unless_over)
