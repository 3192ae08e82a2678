"""How long the edge waits for others, so that whoever waits for the edge gets an answer in time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from dunning import time_limits
from dunning.errors import OperatorMustActError, TransientError
from dunning.store import REDIS_ERRORS


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The longest waits."""

    body: timedelta = time_limits.BODY
    redis: timedelta = time_limits.REDIS_ANSWER
    paddle: timedelta = time_limits.CLICK


class RedisAwayError(TransientError):
    """Redis is away, slow or refuses writes."""


@contextmanager
def redis_needed() -> Iterator[None]:
    """Have the block use Redis, with a deadline of its own.

    Raises:
        RedisAwayError: Redis failed. The message names the error's class only.
    """
    try:
        yield
    except (*REDIS_ERRORS, TransientError, OperatorMustActError) as error:
        raise RedisAwayError(f"Redis is away or refuses writes ({type(error).__name__}).") from error


@asynccontextmanager
async def redis_within(limit: timedelta) -> AsyncIterator[None]:
    """Let the block use Redis for `limit` at most.

    Raises:
        RedisAwayError: it took longer, or Redis failed.
    """
    with redis_needed():
        async with asyncio.timeout(limit.total_seconds()):
            yield
