from datetime import datetime, timedelta

from dunning.instants import to_milliseconds
from dunning.store import Role, Store, keys
from tests.integration.at_rest import redis_of


async def gauges(store: Store, now: datetime) -> dict[str, float]:
    return (await store.health.snapshot(now)).gauges


async def long_ago(store: Store, role: Role, seconds: float) -> None:
    at = await store.health.time() - timedelta(seconds=seconds)
    await redis_of(store).hset(keys.BEATS, role, to_milliseconds(at))


async def test_while_nobody_has_begun_nobody_is_missed(store: Store, now: datetime) -> None:
    seen = await gauges(store, now)

    assert (seen["worker_silent_seconds"], seen["webhooks_silent_seconds"], seen["clocks_off"]) == (0, 0, 0)
    assert "certificate_seconds_left" not in seen


async def test_a_kind_of_process_that_never_began_is_missed_from_the_first_sign_of_the_other(
    store: Store, now: datetime
) -> None:
    await store.watching.beat(Role.WEBHOOKS, "one", clock_is_off=False)
    await long_ago(store, Role.WORKER, 90)
    await store.watching.beat(Role.WEBHOOKS, "one", clock_is_off=False)

    seen = await gauges(store, now)

    assert seen["worker_silent_seconds"] >= 90
    assert seen["webhooks_silent_seconds"] < 60


async def test_one_process_of_a_kind_is_enough(store: Store, now: datetime) -> None:
    await long_ago(store, Role.WORKER, 90)
    await store.watching.beat(Role.WORKER, "another", clock_is_off=False)

    assert (await gauges(store, now))["worker_silent_seconds"] < 60


async def test_a_clock_that_is_off_counts_until_it_is_right_or_its_process_is_gone(store: Store, now: datetime) -> None:
    await store.watching.beat(Role.WORKER, "one", clock_is_off=True)
    await store.watching.beat(Role.WORKER, "two", clock_is_off=True)
    assert (await gauges(store, now))["clocks_off"] == 2

    await store.watching.beat(Role.WORKER, "one", clock_is_off=False)
    assert (await gauges(store, now))["clocks_off"] == 1

    at = await store.health.time() - timedelta(minutes=3)
    await redis_of(store).zadd(keys.CLOCKS_OFF, {"two": to_milliseconds(at)})
    assert (await gauges(store, now))["clocks_off"] == 0


async def test_the_certificate_is_looked_at_by_one_process_at_a_time(store: Store, now: datetime) -> None:
    turns = [await store.watching.take_certificate_look(timedelta(hours=1)) for _ in range(3)]
    await store.watching.keep_certificate_end(now + timedelta(days=6))

    assert turns == [True, False, False]
    assert (await gauges(store, now))["certificate_seconds_left"] == 6 * 86_400


async def test_a_certificate_that_has_ended_has_nothing_left(store: Store, now: datetime) -> None:
    await store.watching.keep_certificate_end(now - timedelta(days=6))

    assert (await gauges(store, now))["certificate_seconds_left"] == 0
