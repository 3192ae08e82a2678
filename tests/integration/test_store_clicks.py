from datetime import datetime, timedelta

import pytest

from dunning.store import Store, keys
from dunning.store.clicks import A_DAY, AN_HOUR
from tests.integration.at_rest import NOW, later, redis_of

LINK = "txn_clicked"


async def click(store: Store, count: int, start: datetime, apart: timedelta) -> list[float | None]:
    return [await store.clicks.allow(LINK, start + number * apart) for number in range(count)]


async def test_five_clicks_in_an_hour_are_allowed(store: Store) -> None:
    assert await click(store, AN_HOUR, NOW, timedelta(minutes=1)) == [None] * 5


async def test_the_sixth_is_told_when_the_next_is_allowed(store: Store) -> None:
    await click(store, AN_HOUR, NOW, timedelta(minutes=1))

    wait = await store.clicks.allow(LINK, later(minutes=10))
    still = await store.clicks.allow(LINK, later(minutes=59, seconds=59.999))
    then = await store.clicks.allow(LINK, later(minutes=60))

    assert (wait, still, then) == (50 * 60, 0.001, None)


async def test_a_refused_click_does_not_count(store: Store) -> None:
    await click(store, AN_HOUR, NOW, timedelta(0))

    await click(store, 100, later(minutes=30), timedelta(0))

    assert await store.clicks.allow(LINK, later(hours=1)) is None


async def test_twenty_in_a_day_are_allowed(store: Store) -> None:
    assert await click(store, A_DAY, NOW, timedelta(hours=1)) == [None] * 20


async def test_the_twenty_first_waits_for_the_day_to_pass(store: Store) -> None:
    await click(store, A_DAY, NOW, timedelta(hours=1))

    wait = await store.clicks.allow(LINK, later(hours=20))
    then = await store.clicks.allow(LINK, later(hours=24))

    assert (wait, then) == (4 * 60 * 60, None)


async def test_of_both_limits_the_longer_wait_is_told(store: Store) -> None:
    """Fifteen spread over the day, and five just now: the hour's are free in an hour, the day's in four."""
    await click(store, 15, NOW, timedelta(hours=1))
    await click(store, 5, later(hours=20), timedelta(0))

    assert await store.clicks.allow(LINK, later(hours=20)) == 4 * 60 * 60


async def test_clicks_in_the_same_millisecond_all_count(store: Store) -> None:
    assert await click(store, 6, NOW, timedelta(0)) == [None] * 5 + [3600.0]


async def test_each_link_counts_for_itself(store: Store) -> None:
    await click(store, AN_HOUR, NOW, timedelta(0))

    assert await store.clicks.allow("txn_other", NOW) is None


async def test_clicks_are_forgotten_after_a_day(store: Store) -> None:
    await store.clicks.allow(LINK, NOW)

    assert await redis_of(store).pttl(keys.clicks(LINK)) == pytest.approx(24 * 60 * 60 * 1000, abs=20_000)


async def test_a_click_that_led_nowhere_is_taken_back(store: Store) -> None:
    for second in range(5):
        await store.clicks.allow("txn_1", NOW + timedelta(seconds=second))
    await store.clicks.take_back("txn_1")

    assert await store.clicks.allow("txn_1", NOW + timedelta(seconds=6)) is None
    assert await store.clicks.allow("txn_1", NOW + timedelta(seconds=7)) is not None
