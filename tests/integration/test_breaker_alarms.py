"""The breaker learns what is usual from hours without an alarm, in Redis and in memory alike."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from dunning.rules.breaker import hour_of, threshold
from dunning.store import Store, keys
from dunning.store.memory import MemoryStore
from tests.integration.at_rest import NOW, later, redis_of

Put: TypeAlias = Callable[[datetime, int], Awaitable[None]]


@pytest.fixture(params=["redis", "memory"])
def kept(request: pytest.FixtureRequest, store: Store) -> tuple[Store | MemoryStore, Put]:
    """A store, and a way to say how many cases were opened in an hour."""
    memory = MemoryStore(lambda: NOW, rate_limit=240)

    async def put_into_redis(at: datetime, count: int) -> None:
        await redis_of(store).hset(keys.OPENED, hour_of(at), count)

    async def put_into_memory(at: datetime, count: int) -> None:
        memory.kept.opened[hour_of(at)] = count

    return (store, put_into_redis) if request.param == "redis" else (memory, put_into_memory)


async def limit(store: Store | MemoryStore, now: datetime) -> int | None:
    return threshold(await store.brakes.opened(now), "auto", now)


async def test_the_hours_in_which_the_breaker_held_do_not_raise_its_limit(
    kept: tuple[Store | MemoryStore, Put],
) -> None:
    store, put = kept
    await put(later(hours=-30), 20)
    await put(NOW, 5_000)
    most_opened = await limit(store, NOW)
    assert (await store.due.sweep(NOW, calls_per_case=0, most_opened=most_opened)).why == "breaker"
    await put(later(hours=1), 3_000)

    await store.brakes.resume(None, later(hours=1))
    await put(later(hours=1), 4_000)

    assert [await limit(store, later(hours=hours)) for hours in (1, 2, 24 * 34)] == [60, 60, 50]


async def test_a_burst_that_an_operator_has_released_the_breaker_for_is_usual_from_the_next_hour_on(
    kept: tuple[Store | MemoryStore, Put],
) -> None:
    store, put = kept
    await put(later(hours=-30), 20)
    await put(NOW, 100)
    await store.due.sweep(NOW, calls_per_case=0, most_opened=60)
    await store.brakes.resume(None, NOW)

    await put(later(hours=1), 70)

    assert await limit(store, later(hours=2)) == 210


async def test_a_pause_by_hand_is_no_alarm(kept: tuple[Store | MemoryStore, Put]) -> None:
    store, put = kept
    await put(later(hours=-30), 20)
    await put(NOW, 40)
    await store.brakes.pause(None, "operator", NOW)

    await store.brakes.resume(None, NOW)

    assert await limit(store, later(hours=1)) == 120


async def test_an_alarm_is_forgotten_with_its_hours(store: Store) -> None:
    await redis_of(store).hset(keys.OPENED, hour_of(NOW), 5_000)
    await store.due.sweep(NOW, calls_per_case=0, most_opened=50)
    await store.brakes.resume(None, later(hours=2))

    await store.brakes.opened(later(hours=2) + timedelta(days=35))
    held = await redis_of(store).hgetall(keys.BREAKER_ALARMS)
    await store.brakes.opened(later(hours=3) + timedelta(days=35))

    assert len(held) == 1
    assert await redis_of(store).exists(keys.BREAKER_ALARMS) == 0
