"""Since when a case's step is late, in both stores: a try moves when it is looked at next, and not that."""

from datetime import datetime, timedelta

import pytest

from dunning.instants import to_milliseconds
from dunning.rules.case import Case
from dunning.store import Store, keys
from dunning.store.memory import MemoryStore
from tests.integration.at_rest import NOW, later, redis_of
from tests.unit.case_builders import a_case

ONE, OTHER = "txn_one", "txn_other"


async def due(store: Store | MemoryStore, at: datetime, case_id: str = ONE) -> Case:
    case = a_case(id=case_id)
    await store.cases.commit(case, 0, due_at=at, now=at)
    return case


async def since(store: Store | MemoryStore, case_id: str = ONE) -> datetime | None:
    (found,) = await store.due.late_since([case_id])
    return found


async def swept(store: Store | MemoryStore, now: datetime) -> None:
    assert (await store.due.sweep(now, calls_per_case=0)).moved


async def test_what_is_lent_out_is_late_since_it_was_due_and_stays_so_when_it_is_put_back(
    either: Store | MemoryStore,
) -> None:
    await due(either, NOW)
    for minute in range(3):
        await swept(either, later(minutes=minute))
        await either.due.put_back([ONE], later(minutes=minute + 1))

    assert await since(either) == NOW


async def test_what_is_put_back_on_time_is_not_late(either: Store | MemoryStore) -> None:
    await due(either, NOW)
    await due(either, NOW, OTHER)
    await swept(either, NOW)

    await either.due.put_back([ONE], later(hours=1), on_time=True)

    assert await either.due.late_since([ONE, OTHER]) == [None, NOW]
    assert await either.due.when([ONE]) == [later(hours=1)]


async def test_what_was_late_before_counts_from_then_and_a_write_that_knows_of_none_ends_it(
    either: Store | MemoryStore,
) -> None:
    case = await due(either, NOW)
    await swept(either, NOW)

    await either.cases.commit(
        case, 1, due_at=later(minutes=1), now=later(seconds=1), late_since=NOW - timedelta(hours=9)
    )
    assert await since(either) == NOW
    await either.cases.commit(case, 2, due_at=later(days=3), now=later(seconds=2))
    assert await since(either) is None


async def test_a_write_says_since_when_a_step_is_late_that_was_not_known_to_be(either: Store | MemoryStore) -> None:
    await either.cases.commit(a_case(id=ONE), 0, due_at=later(minutes=1), now=later(seconds=1), late_since=NOW)

    assert await since(either) == NOW


async def test_what_is_forgotten_or_parked_is_not_late(either: Store | MemoryStore) -> None:
    await due(either, NOW)
    await due(either, NOW, OTHER)
    await swept(either, NOW)
    await either.brakes.pause("renewal", "why", NOW)

    await either.due.forget(ONE, 1)
    await either.brakes.park("renewal", [OTHER], NOW)

    assert await either.due.late_since([ONE, OTHER]) == [None, None]


async def test_asking_about_nothing_asks_nothing(store: Store) -> None:
    assert await store.due.late_since([]) == []


@pytest.mark.parametrize("older", ["due", "late"])
async def test_the_oldest_due_is_the_older_of_what_waits_and_what_is_tried(store: Store, older: str) -> None:
    redis = redis_of(store)
    old = to_milliseconds(later(minutes=-24))
    await redis.zadd(keys.DUE, {ONE: old if older == "due" else to_milliseconds(later(minutes=1))})
    await redis.zadd(keys.LATE, {OTHER: old if older == "late" else to_milliseconds(NOW)})

    assert (await store.health.snapshot(NOW)).gauges["oldest_due_seconds"] == 1440
