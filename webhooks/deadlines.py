"""How long the edge waits for others, so that whoever waits for the edge gets an answer in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


FAILURES = (*REDIS_ERRORS, TransientError, OperatorMustActError)
"""What whoever uses Redis may meet."""


def redis_away(error: Exception) -> RedisAwayError:
    """Say that Redis failed. The message names the error's class only."""
    return RedisAwayError(f"Redis is away or refuses writes ({type(error).__name__}).")


@asynccontextmanager
async def redis_within(limit: timedelta) -> AsyncIterator[None]:
    """Let the block use Redis for `limit` at most.

    Raises:
        RedisAwayError: it took longer, or Redis failed.
    """
    try:
        async with asyncio.timeout(limit.total_seconds()):
            yield
    except FAILURES as error:
        raise redis_away(error) from error
