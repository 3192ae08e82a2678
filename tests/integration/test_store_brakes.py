"""Pauses, and the breaker that puts the one of all mail on by itself."""

import pytest

from dunning.rules.breaker import hour_of
from dunning.store import Pause, Paused, Store, Sweep, keys
from tests.integration.at_rest import NOW, everything, later, open_case, redis_of

DAY_MS = 24 * 60 * 60 * 1000
NOW_MS = round(NOW.timestamp() * 1000)
OPERATOR = Pause(NOW, "operator")
NOTHING = Paused(None, {})


async def sweep(store: Store, most_opened: int | None = None) -> Sweep:
    return await store.due.sweep(NOW, calls_per_case=0, most_opened=most_opened)


async def count_opened(store: Store, count: int, *, hours_ago: int = 0) -> None:
    await redis_of(store).hset(keys.OPENED, hour_of(later(hours=-hours_ago)), count)


async def test_nothing_is_paused_at_first(either: Store) -> None:
    assert await either.brakes.paused() == NOTHING


async def test_a_pause_is_new_once_and_keeps_its_beginning(either: Store) -> None:
    first = await either.brakes.pause(None, "operator", NOW)
    again = await either.brakes.pause(None, "other", later(hours=1))

    assert (first, again) == (True, False)
    assert await either.brakes.paused() == Paused(OPERATOR, {})


async def test_while_all_mail_is_paused_nothing_is_handed_out_and_nothing_is_changed(store: Store) -> None:
    await open_case(store)
    await store.brakes.pause(None, "operator", NOW)
    before = await everything(redis_of(store))

    swept = await sweep(store)

    assert swept == Sweep(0, "paused")
    assert await everything(redis_of(store)) == before


async def test_what_was_due_goes_out_when_all_mail_is_resumed(either: Store) -> None:
    await open_case(either)
    await either.brakes.pause(None, "operator", NOW)

    was = await either.brakes.resume(None, NOW)

    assert was == OPERATOR
    assert await sweep(either) == Sweep(1, "")


async def test_resuming_what_was_not_paused_changes_nothing(store: Store) -> None:
    assert await store.brakes.resume(None, NOW) is None
    assert await store.brakes.resume("renewal", NOW) is None
    assert await everything(redis_of(store)) == {}


async def test_a_campaign_is_paused_by_itself(either: Store) -> None:
    await either.brakes.pause("renewal", "operator", NOW)
    await open_case(either)

    paused = await either.brakes.paused()

    assert paused == Paused(None, {"renewal": OPERATOR})
    assert (paused.stops("renewal"), paused.stops("other")) == (True, False)
    assert await sweep(either) == Sweep(1, "")


async def test_all_mail_is_every_campaigns_mail(either: Store) -> None:
    await either.brakes.pause(None, "operator", NOW)

    assert (await either.brakes.paused()).stops("renewal")


async def test_a_campaign_stays_paused_when_all_mail_is_resumed(either: Store) -> None:
    await either.brakes.pause("renewal", "operator", NOW)
    await either.brakes.pause(None, "operator", NOW)

    await either.brakes.resume(None, NOW)

    assert await either.brakes.paused() == Paused(None, {"renewal": OPERATOR})


async def test_cases_of_a_paused_campaign_are_parked_for_an_hour(store: Store) -> None:
    case = await open_case(store)
    await store.brakes.pause("renewal", "operator", NOW)

    parked = await store.brakes.park("renewal", [case.id], NOW)

    assert parked
    assert await redis_of(store).zscore(keys.DUE, case.id) == NOW_MS + 3_600_000
    assert await redis_of(store).smembers(keys.parked("renewal")) == {case.id.encode()}


async def test_what_was_parked_is_due_at_once_when_its_campaign_is_resumed(store: Store) -> None:
    cases = [await open_case(store) for _ in range(3)]
    await store.brakes.pause("renewal", "operator", NOW)
    await store.brakes.park("renewal", [case.id for case in cases], NOW)

    was = await store.brakes.resume("renewal", later(minutes=1))

    assert was == OPERATOR
    assert [await redis_of(store).zscore(keys.DUE, case.id) for case in cases] == [NOW_MS + 60_000] * 3
    assert not await redis_of(store).exists(keys.parked("renewal"))


async def test_a_case_that_ended_while_it_was_parked_stays_ended(store: Store) -> None:
    case = await open_case(store)
    await store.brakes.pause("renewal", "operator", NOW)
    await store.brakes.park("renewal", [case.id], NOW)
    await store.due.forget(case.id, 1)

    await store.brakes.resume("renewal", NOW)

    assert await redis_of(store).zscore(keys.DUE, case.id) is None


async def test_nothing_is_parked_once_its_campaign_is_resumed(store: Store) -> None:
    """A worker that had read of the pause before must not put a case away for an hour that nobody brings back."""
    case = await open_case(store)
    before = await everything(redis_of(store))

    parked = await store.brakes.park("renewal", [case.id], NOW)

    assert not parked
    assert await everything(redis_of(store)) == before


async def test_resuming_again_finishes_what_a_crash_cut_short(store: Store) -> None:
    case = await open_case(store, due_at=later(hours=1))
    await redis_of(store).sadd(keys.parked("renewal"), case.id)

    await store.brakes.resume("renewal", NOW)

    assert await redis_of(store).zscore(keys.DUE, case.id) == NOW_MS


@pytest.mark.parametrize(("opened", "trips"), [(0, False), (50, False), (51, True)])
async def test_the_breaker_trips_past_its_limit_and_not_at_it(store: Store, opened: int, *, trips: bool) -> None:
    await open_case(store)
    await count_opened(store, opened)

    swept = await sweep(store, most_opened=50)

    assert swept == (Sweep(0, "breaker", opened) if trips else Sweep(1, ""))
    assert ((await store.brakes.paused()).all is not None) is trips


async def test_a_breaker_that_tripped_says_why_and_stays(store: Store) -> None:
    await open_case(store)
    await count_opened(store, 51)
    await sweep(store, most_opened=50)

    swept = await sweep(store, most_opened=None)

    paused = (await store.brakes.paused()).all
    assert swept == Sweep(0, "paused")
    assert paused == Pause(NOW, "breaker: 51 new cases in an hour, and at most 50 were to be expected")
    assert paused.is_breakers


async def test_the_breaker_trips_before_anything_is_due(store: Store) -> None:
    await count_opened(store, 51)

    assert await sweep(store, most_opened=50) == Sweep(0, "breaker", 51)


async def test_the_breaker_judges_the_hour_it_is(store: Store) -> None:
    await count_opened(store, 5_000, hours_ago=1)

    assert await sweep(store, most_opened=50) == Sweep(0, "nothing_due")


async def test_without_a_limit_the_breaker_never_trips(store: Store) -> None:
    await count_opened(store, 1_000_000)

    assert await sweep(store, most_opened=None) == Sweep(0, "nothing_due")


async def test_a_pause_by_hand_becomes_the_breakers_when_it_trips(store: Store) -> None:
    """Whoever resumes is to know of the burst, and must not have to do it twice."""
    await store.brakes.pause(None, "operator", later(hours=-1))
    await count_opened(store, 51)

    swept = await sweep(store, most_opened=50)

    paused = (await store.brakes.paused()).all
    assert swept == Sweep(0, "breaker", 51)
    assert paused is not None
    assert paused.is_breakers


async def test_a_breaker_that_was_released_does_not_trip_for_a_day(store: Store) -> None:
    await open_case(store)
    await count_opened(store, 51)
    await sweep(store, most_opened=50)

    was = await store.brakes.resume(None, NOW)
    swept = await sweep(store, most_opened=50)

    assert was is not None
    assert was.is_breakers
    assert swept == Sweep(1, "")
    assert DAY_MS - 60_000 < await redis_of(store).pttl(keys.BREAKER_RELEASED) <= DAY_MS


async def test_after_that_day_it_trips_again(store: Store) -> None:
    await count_opened(store, 51)
    await sweep(store, most_opened=50)
    await store.brakes.resume(None, NOW)
    await redis_of(store).delete(keys.BREAKER_RELEASED)

    assert await sweep(store, most_opened=50) == Sweep(0, "breaker", 51)


async def test_a_pause_by_hand_that_is_taken_off_leaves_the_breaker_on(store: Store) -> None:
    await store.brakes.pause(None, "operator", NOW)
    await store.brakes.resume(None, NOW)
    await count_opened(store, 51)

    assert await sweep(store, most_opened=50) == Sweep(0, "breaker", 51)


async def test_new_cases_are_counted_by_the_hour_and_what_is_too_old_is_forgotten(store: Store) -> None:
    await count_opened(store, 7, hours_ago=35 * 24)
    await count_opened(store, 9, hours_ago=35 * 24 + 1)
    await store.brakes.opened(NOW)

    assert await store.brakes.opened(NOW) == {hour_of(later(days=-35)): 7}


async def test_the_gauges_tell_what_is_paused_and_by_whom(store: Store) -> None:
    names = ("paused", "paused_campaigns", "breaker_tripped")

    async def gauges() -> list[float]:
        found = (await store.health.snapshot(NOW)).gauges
        return [found[name] for name in names]

    await store.brakes.pause("renewal", "operator", NOW)
    by_itself = await gauges()
    await store.brakes.pause(None, "operator", NOW)
    by_hand = await gauges()
    await count_opened(store, 2)
    await sweep(store, most_opened=1)

    assert (by_itself, by_hand, await gauges()) == ([0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0])
