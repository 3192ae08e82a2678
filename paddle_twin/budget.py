"""The twin's rate limit: so many calls a minute for each address. An address that asks more is shut out for a minute.

https://developer.paddle.com/api-reference/about/rate-limiting
"""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import timedelta

WINDOW = timedelta(seconds=60)
PENALTY = timedelta(seconds=60)


class Budget:
    """A sliding log of calls for each address."""

    def __init__(self, calls_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow so many calls in any 60 s. `clock` tells seconds."""
        self._clock = clock
        self._limit = calls_per_minute
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._shut_until: dict[str, float] = {}

    def spend(self, address: str) -> int | None:
        """Count a call. Gives how many seconds to stay away, or None for a call that may go ahead."""
        now = self._clock()
        calls = self._calls[address]
        while calls and calls[0] <= now - WINDOW.total_seconds():
            calls.popleft()
        if len(calls) >= self._limit and self._shut_until.get(address, 0.0) <= now:
            self._shut_until[address] = now + PENALTY.total_seconds()
        left = self._shut_until.get(address, 0.0) - now
        if left > 0:
            return math.ceil(left)
        calls.append(now)
        return None
