"""Time that passes at once, for everything that has a clock: ours, Redis' and arq's."""

from datetime import UTC, datetime, timedelta
from typing import Any

from arq.constants import in_progress_key_prefix
from redis.asyncio import Redis

from dunning.instants import EPOCH, to_milliseconds
from dunning.queue import QUEUE
from dunning.store.inbox import HANDLE_WITHIN
from dunning.store.keys import API_LOG, DUE, INBOX
from worker.sweep import REDRIVE_EVERY

# Ours is turned forward. Redis' and arq's can't be: there, what is to come is moved nearer, in one step.
_NEARER = """
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left > 0 then
    redis.call('PEXPIRE', key, math.max(1, left - ARGV[1]))
  end
end
for _, key in ipairs(KEYS) do
  local entries = redis.call('ZRANGE', key, 0, -1)
  for _, entry in ipairs(entries) do
    redis.call('ZINCRBY', key, -ARGV[1], entry)
  end
end
"""


# What wakes by the clock looks about this often.
A_MOMENT = timedelta(milliseconds=20)


class PassingClock:
    """Real time, and what was let pass besides."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def let_pass(self, span: timedelta, redis: Any) -> None:  # noqa: ANN401 - redis-py's annotations are of no use
        """Let this much time pass at once. Only while nobody is at work: their own timeouts don't hear of it."""
        await let_pass_in_redis(span, redis)
        self.ahead += span


async def until_next(clock: PassingClock, redis: Any) -> timedelta:  # noqa: ANN401 - redis-py's annotations are of no use
    """Return how long it is until the next moment that anything in Redis waits for, or that a worker looks around."""
    ours = to_milliseconds(clock())
    seconds, micros = await redis.time()
    arqs = seconds * 1000 + micros // 1000
    waits = [await redis.pttl(key) async for key in redis.scan_iter(f"{in_progress_key_prefix}*")]
    for index, now, after in ((DUE, ours, 0), (QUEUE, arqs, 0), (INBOX, ours, to_milliseconds(EPOCH + HANDLE_WITHIN))):
        waits += [score + after - now for _, score in await redis.zrange(index, 0, -1, withscores=True)]
    waits.append(round(REDRIVE_EVERY.total_seconds() * 1000))
    return timedelta(milliseconds=min(wait for wait in waits if wait > 0)) + A_MOMENT


async def let_pass_in_redis(span: timedelta, redis: Any) -> None:  # noqa: ANN401 - redis-py's annotations are of no use
    """Let this much time pass by Redis' clock and by arq's, which is the system's."""
    await redis.eval(_NEARER, 2, QUEUE, API_LOG, round(span.total_seconds() * 1000))


def connect(url: str) -> Any:  # noqa: ANN401 - redis-py's annotations are of no use
    """Connect past every proxy."""
    return Redis.from_url(url)
