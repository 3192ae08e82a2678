"""The proxy does what is planned, where it is planned, once, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.chaos.cutting_proxy import CuttingProxy
from tests.chaos.faults import Cut, Fault, Moment, Place
from tests.chaos.passages import Passages
from tests.chaos.protocols import RedisTalk
from tests.until import until

SECOND = Place("a phase", "a link", "INCRBY count", 2)


@asynccontextmanager
async def behind_proxy(redis_url: str, passages: Passages) -> AsyncIterator[Any]:
    """Give a client that tries everything once, never gives up by itself, and is connected through the proxy."""
    at_redis = (str(urlsplit(redis_url).hostname), int(urlsplit(redis_url).port or 0))
    async with CuttingProxy("a link", lambda: at_redis, RedisTalk, passages) as proxy:
        redis: Any = Redis(host="127.0.0.1", port=proxy.port)
        try:
            passages.phase = "a phase"
            yield redis
        finally:
            await redis.aclose()


async def give_up(stalled: asyncio.Task[int]) -> None:
    """Wait no longer for an answer, which makes the client close its connection."""
    stalled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stalled


async def count_at(redis_url: str) -> int:
    """Read the counter past the proxy."""
    redis: Any = Redis.from_url(redis_url)
    count = await redis.get("count")
    await redis.aclose()
    return int(count)


async def test_without_a_plan_everything_passes_and_is_noted_by_its_name(redis_url: str) -> None:
    passages = Passages()

    async with behind_proxy(redis_url, passages) as redis:
        await redis.incr("count")
        async with redis.pipeline(transaction=True) as pipe:
            pipe.incr("count")
            pipe.lrange("a list", 0, -1)
            answers = await pipe.execute()

    assert answers == [2, []]
    assert [place.label for place in passages.places] == [
        "INCRBY count",
        "MULTI of INCRBY count",
        "INCRBY count (queued)",
        "LRANGE a list (queued)",
        "EXEC of INCRBY count",
    ]


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.RESET])
@pytest.mark.parametrize(("moment", "done"), [(Moment.BEFORE, 1), (Moment.AFTER, 2)])
async def test_a_cut_is_made_at_its_place_with_the_server_having_done_it_or_not(
    fault: Fault, moment: Moment, done: int, redis_url: str
) -> None:
    passages = Passages(Cut(SECOND, moment, fault))

    async with behind_proxy(redis_url, passages) as redis:
        await redis.incr("count")
        with pytest.raises(RedisConnectionError):
            await redis.incr("count")
        after_the_cut = await count_at(redis_url)
        await redis.incr("count")

    assert after_the_cut == done
    assert await count_at(redis_url) == done + 1


@pytest.mark.parametrize(
    ("moment", "fault", "done"),
    [(Moment.BEFORE, Fault.STALL, 1), (Moment.AFTER, Fault.STALL, 2), (Moment.BEFORE, Fault.LATE, 1)],
)
async def test_a_stall_lasts_until_the_client_gives_up(moment: Moment, fault: Fault, done: int, redis_url: str) -> None:
    passages = Passages(Cut(SECOND, moment, fault))

    async with behind_proxy(redis_url, passages) as redis:
        await redis.incr("count")
        stalled = asyncio.create_task(redis.incr("count"))
        await until(lambda: _is_made(passages))
        during_the_stall = await count_at(redis_url)
        await give_up(stalled)

    assert during_the_stall == done


async def test_what_comes_late_is_done_after_the_client_gave_up(redis_url: str) -> None:
    passages = Passages(Cut(SECOND, Moment.BEFORE, Fault.LATE))

    async with behind_proxy(redis_url, passages) as redis:
        await redis.incr("count")
        stalled = asyncio.create_task(redis.incr("count"))
        await until(lambda: _is_made(passages))
        await give_up(stalled)
        await until(lambda: _is_done(redis_url, 2))


async def test_nothing_is_quiet_while_somebody_waits_for_an_answer(redis_url: str) -> None:
    passages = Passages(Cut(SECOND, Moment.AFTER, Fault.STALL))

    async with behind_proxy(redis_url, passages) as redis:
        await redis.incr("count")
        stalled = asyncio.create_task(redis.incr("count"))
        await until(lambda: _is_made(passages))
        quiet = passages.quiet_for()
        await give_up(stalled)

    assert quiet == 0


async def _is_made(passages: Passages) -> bool:
    return passages.fired_at is not None


async def _is_done(redis_url: str, count: int) -> bool:
    return await count_at(redis_url) == count
