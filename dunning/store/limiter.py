"""The API budget all processes share: a sliding log of the last 60 seconds' calls, on Redis' clock.

Paddle allows 240 calls a minute and IP address, and shuts an address out for a minute that asks for more:
https://developer.paddle.com/api-reference/about/rate-limiting

A call may be counted by Paddle at any moment between our asking and its answer, so a grant counts from when it is
reserved until 60 s after the answer. A token bucket, or stamps taken at the start, let more through in some 60 s.
"""

import contextlib
from collections.abc import Sequence
from uuid import uuid4

from dunning.paddle_api.grants import Grant
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import REDIS_ERRORS, RedisClient

WINDOW_MS = 60_000
# A call takes at most 10 s; five more for what lies between the decision and the wire.
CALL_MS = 15_000


def background_budget(limit: int) -> int:
    """Return how many calls a minute background work may use: a twentieth stays free for clicks."""
    return max(1, limit - -(-limit // 20))


class RedisLimiter:
    """The `Limiter` of all processes on one Redis."""

    def __init__(self, redis: RedisClient, limit: int) -> None:
        self._redis = redis
        self._limit = limit
        self._ask = scripts.load(redis, "ask")
        self._begin = scripts.load(redis, "begin")
        self._finish = scripts.load(redis, "finish")

    async def ask(self, count: int, *, background: bool) -> list[Grant] | None:
        """Reserve `count` grants at once, or none at all when there is no room."""
        grants = [Grant(uuid4().hex) for _ in range(count)]
        budget = background_budget(self._limit) if background else self._limit
        granted = await self._ask(
            keys=[keys.API_LOG, keys.API_HOLD], args=[budget, WINDOW_MS, *(grant.id for grant in grants)]
        )
        return grants if granted else None

    async def begin(self, grant: Grant) -> bool:
        """Tell that the call is made now. False: it was made already, the grant has lapsed, or a hold is on.

        Also where Redis can't say; and where its answer is lost, a grant may be spent with no call made.
        """
        try:
            answer = await self._begin(
                keys=[keys.API_LOG, keys.API_HOLD], args=[grant.id, _used(grant), CALL_MS + WINDOW_MS]
            )
        except REDIS_ERRORS:
            return False
        return bool(answer)

    async def end(self, grant: Grant) -> None:
        """Tell that the call is over. Where Redis can't be told, the grant counts for as long as the longest call."""
        with contextlib.suppress(*REDIS_ERRORS):
            await self._finish(keys=[keys.API_LOG], args=[_used(grant), WINDOW_MS])

    async def hold(self, seconds: float) -> None:
        """Stop everybody for `seconds`. A longer hold that is on already stays.

        Where Redis can't be told, nobody is stopped: the next call hears its own 429.
        """
        milliseconds = max(1, round(seconds * 1000))
        with contextlib.suppress(*REDIS_ERRORS):
            await self._hold(milliseconds)

    async def hold_left(self) -> float:
        """Return for how many seconds more Paddle's 429 stops everybody; 0 for no hold."""
        left_ms: int = await self._redis.pttl(keys.API_HOLD)
        return max(0.0, left_ms / 1000)

    async def give_back(self, grants: Sequence[Grant]) -> None:
        """Return grants that no call was made with."""
        if grants:
            await self._redis.zrem(keys.API_LOG, *(grant.id for grant in grants))

    async def _hold(self, milliseconds: int) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(keys.API_HOLD, "1", px=milliseconds, nx=True)
            pipe.pexpire(keys.API_HOLD, milliseconds, gt=True)
            await pipe.execute()


def _used(grant: Grant) -> str:
    return f"{grant.id}:used"
