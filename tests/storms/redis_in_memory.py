"""A Redis in memory that fails as one does: it is away, refuses, loses answers, hears twice, and forgets."""

import asyncio
import contextlib
import copy
import inspect
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from redis import exceptions

from dunning.store.memory import MemoryStore
from tests.storms.schedule import Fault, Kind

# How long one that was killed is away, and how long our client waits for an answer.
AWAY_SECONDS, PATIENCE_SECONDS = 1.5, 2.0
# While it cuts connections, of all questions: those that it never hears, and those whose answer is lost.
UNHEARD, UNANSWERED, GIVEN_UP = 0.15, 0.35, 0.5
GONE = (Kind.KILL_REDIS, Kind.TEAR, Kind.FAIL_OVER)
KINDS = (*GONE, Kind.STOP_REDIS, Kind.CUT_REDIS, Kind.REFUSE_WRITES, Kind.DISK_FULL)
# What changes nothing, and works where writes are refused.
READS = frozenset(
    ("read", "read_versioned", "has", "of", "all", "paused", "opened", "open_of_customers", "open_or_just_stopped")
)


class RedisInMemory:
    """Has the parts of a store. Each call goes through what is wrong just then."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        seconds: Callable[[], float],
        rate_limit: int,
        faults: Iterable[Fault],
        chance: random.Random,
    ) -> None:
        self.store = MemoryStore(clock, rate_limit=rate_limit)
        self._seconds = seconds
        self._chance = chance
        self._faults = tuple(fault for fault in faults if fault.kind in KINDS)
        self._over = max(map(_until, self._faults), default=0.0)
        self._before: MemoryStore | None = None

    def __getattr__(self, part: str) -> "_Part":
        return _Part(self, part)

    def is_away(self) -> bool:
        """Tell whether it answers nobody."""
        return bool(self._on(*GONE, Kind.STOP_REDIS))

    def remember(self) -> None:
        """Note all that it has now: that is how far a replica, or its log, will have come."""
        self._before = copy.deepcopy(self.store)

    def forget(self) -> None:
        """Have only what was noted."""
        if self._before is not None:
            self.store = self._before

    async def ask(self, name: str, call: Callable[[], Awaitable[object]]) -> object:
        """Do what is asked, as far as what is wrong lets it.

        Raises:
            RedisError: it does not answer, or refuses. What was asked may have been done.
        """
        if stopped := self._on(Kind.STOP_REDIS):
            await self._wait_for_one_that_stands_still(stopped, call)
        if self.is_away():
            raise exceptions.ConnectionError("Connection refused.")
        if name not in READS and self._on(Kind.REFUSE_WRITES, Kind.DISK_FULL):
            raise exceptions.ResponseError("MISCONF or OOM: no writes now.")
        if not self._on(Kind.CUT_REDIS):
            return await call()
        if self._chance.random() < UNHEARD:
            raise exceptions.ConnectionError("Connection reset before the question.")
        if self._chance.random() < UNANSWERED:
            await call()  # the client asks once more by itself, and gives up when that is lost, too
            if self._chance.random() < GIVEN_UP:
                raise exceptions.ConnectionError("Connection reset before the answer.")
        return await call()

    async def _wait_for_one_that_stands_still(
        self, stopped: Sequence[Fault], call: Callable[[], Awaitable[object]]
    ) -> None:
        left = max(fault.until for fault in stopped) - self._seconds()
        if left > PATIENCE_SECONDS and self._chance.random() < UNANSWERED:
            asyncio.get_running_loop().call_later(left, lambda: asyncio.ensure_future(_unheard(call)))
        await asyncio.sleep(min(left, PATIENCE_SECONDS))
        if left > PATIENCE_SECONDS:
            raise exceptions.TimeoutError("No answer in time.")

    def _on(self, *kinds: Kind) -> list[Fault]:
        now = self._seconds()
        if now > self._over:
            return []
        return [fault for fault in self._faults if fault.kind in kinds and fault.at <= now < _until(fault)]


class _Part:
    """A part of the store as it is at the moment of each call."""

    def __init__(self, redis: RedisInMemory, part: str) -> None:
        self._redis = redis
        self._part = part

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is there
        redis, part = self._redis, self._part
        of = getattr(redis.store, part)
        kind: object = type(of)
        if not _is_asked(kind, name):
            return getattr(of, name)

        async def ask(*args: object, **named: object) -> object:
            return await redis.ask(name, lambda: getattr(getattr(redis.store, part), name)(*args, **named))

        return ask


@cache
def _is_asked(kind: object, name: str) -> bool:
    return inspect.iscoroutinefunction(getattr(kind, name, None))


def _until(fault: Fault) -> float:
    return fault.at + AWAY_SECONDS if fault.kind in GONE else fault.until


async def _unheard(call: Callable[[], Awaitable[object]]) -> None:
    """Do what was asked, when whoever asked has long given up."""
    with contextlib.suppress(Exception):
        await call()
