import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from dunning.errors import TransientError
from dunning.store.driver.connection import Patience, connect
from dunning.store.driver.outage import LONGEST_PAUSE_SECONDS, WaitOut
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import NOW, opened, raised


class Flaky:
    """Fails so many times, then works."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.seen: list[Exception] = []

    async def run(self) -> str:
        if len(self.seen) < self.failures:
            raise RedisConnectionError(str(len(self.seen)))
        return "done"

    async def fail(self, error: Exception) -> None:
        self.seen.append(error)


async def test_what_fails_is_tried_until_it_works() -> None:
    flaky = Flaky(failures=4)

    assert await WaitOut().call_with_retry(flaky.run, flaky.fail) == "done"
    assert len(flaky.seen) == 4


async def test_an_error_of_another_kind_is_not_waited_out() -> None:
    async def run() -> str:
        raise ValueError

    await raised(ValueError, WaitOut().call_with_retry(run, Flaky(0).fail))


@pytest.mark.parametrize("failures", [1, 10, 1023, 1024, 100_000])
def test_however_long_it_lasts_the_pauses_stay_short(failures: int) -> None:
    assert 0 <= WaitOut()._backoff.compute(failures) <= LONGEST_PAUSE_SECONDS


async def test_when_the_task_that_used_it_first_is_over_nobody_waits_any_more() -> None:
    patience = WaitOut()
    works, away = Flaky(failures=0), Flaky(failures=1_000)
    await asyncio.create_task(patience.call_with_retry(works.run, works.fail))

    await raised(RedisConnectionError, patience.call_with_retry(away.run, away.fail))

    assert len(away.seen) == 1


async def test_a_canceled_task_does_not_wait_on() -> None:
    away = Flaky(failures=1_000_000)
    met = asyncio.Event()

    async def fail(error: Exception) -> None:
        await away.fail(error)
        met.set()

    waiting = asyncio.create_task(WaitOut().call_with_retry(away.run, fail))
    await met.wait()
    waiting.cancel()

    await raised(asyncio.CancelledError, waiting)  # type: ignore[type-var] # not an Exception, but raised all the same


async def test_a_redis_that_goes_away_and_comes_back_is_waited_out() -> None:
    with EmbeddedServer(tcp=True) as server:
        redis = connect(server.url, Patience.MUCH)
        await redis.set("before", "1")
        server.stop()

        writing = asyncio.gather(*(redis.set(f"during {number}", "1") for number in range(5)))
        async with opened(server.url) as impatient:
            await raised(TransientError, impatient.health.ready(NOW))
        still_waiting = not writing.done()
        server.start()

        assert still_waiting
        assert await writing == [True] * 5
        await redis.aclose(close_connection_pool=True)


async def test_work_that_outlives_its_worker_is_told_that_redis_is_away() -> None:
    """What an arq worker is told to stop would else hang on saying goodbye."""
    with EmbeddedServer(tcp=True) as server:
        redis = connect(server.url, Patience.MUCH)
        await asyncio.create_task(redis.ping())  # as arq's main loop, which is the first to use it, and has ended
        server.stop()

        await raised(RedisConnectionError, redis.set("after", "1"))
        await redis.aclose(close_connection_pool=True)
