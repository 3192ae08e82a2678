import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from dunning import queue
from dunning.errors import OperatorMustActError
from dunning.instants import from_milliseconds
from dunning.jobs import BATCH, MOST_STEPS
from dunning.reasons import HoldWord
from dunning.store import Store, Sweep, keys
from dunning.store.limiter import background_budget
from dunning.store.memory import MemoryStore
from tests.integration.at_rest import NOW, everything, later, open_case, opened, redis_ms, redis_of
from tests.integration.stores import Hands

NOW_MS = round(NOW.timestamp() * 1000)
LEASE_MS = 60_000


async def make_due(store: Store | MemoryStore, count: int, *, first_ms: int = NOW_MS - 100_000) -> list[str]:
    case_ids = [f"txn_{number:04d}" for number in range(count)]
    if isinstance(store, MemoryStore):
        store.kept.due |= {case_id: from_milliseconds(first_ms + number) for number, case_id in enumerate(case_ids)}
        return case_ids
    await redis_of(store).zadd(keys.DUE, {case_id: first_ms + number for number, case_id in enumerate(case_ids)})
    return case_ids


async def jobs(store: Store | MemoryStore) -> list[tuple[list[str], list[str]]]:
    """Give the queued jobs' arguments: cases and grants."""
    if isinstance(store, MemoryStore):
        return [(batch.case_ids, batch.grant_ids) for batch in store.kept.batches_queued]
    redis = redis_of(store)
    found = []
    for job_id in await redis.zrange(queue.QUEUE, 0, -1):
        cases, grants = queue.deserialize(await redis.get(b"arq:job:" + job_id))["a"]
        found.append((cases, grants))
    return found


async def test_nothing_due_is_nothing_moved(store: Store) -> None:
    await make_due(store, 1, first_ms=NOW_MS + 1)
    before = await everything(redis_of(store))

    swept = await store.due.sweep(NOW, calls_per_case=0)

    assert swept == Sweep(0, "nothing_due")
    assert await everything(redis_of(store)) == before


async def test_what_is_due_is_leased_and_queued_with_its_two_calls(store: Store) -> None:
    (case_id,) = await make_due(store, 1, first_ms=NOW_MS)
    redis = redis_of(store)
    clock = await redis_ms(redis)

    swept = await store.due.sweep(NOW, calls_per_case=0)

    ((cases, grants),) = await jobs(store)
    scores = [score for _, score in await redis.zrange(keys.API_LOG, 0, -1, withscores=True)]
    assert swept == Sweep(1, "")
    assert cases == [case_id]
    assert await redis.zscore(keys.DUE, case_id) == NOW_MS + LEASE_MS
    assert sorted(grants) == sorted(member.decode() for member in await redis.zrange(keys.API_LOG, 0, -1))
    assert len(scores) == 2
    assert clock + 60_000 <= min(scores) <= max(scores) <= await redis_ms(redis) + 60_000


async def test_the_payload_is_what_arq_would_have_written(store: Store) -> None:
    await make_due(store, 2)

    await store.due.sweep(NOW, calls_per_case=0)

    redis = redis_of(store)
    ((cases, grants),) = await jobs(store)
    (job_id,) = await redis.zrange(queue.QUEUE, 0, -1)
    assert queue.deserialize(await redis.get(b"arq:job:" + job_id)) == {
        "t": None,
        "f": "send_steps",
        "a": [cases, grants],
        "k": {},
        "et": NOW_MS,
    }
    assert job_id.startswith(b"send_steps:")
    assert await redis.zscore(queue.QUEUE, job_id) == NOW_MS - queue.AHEAD.total_seconds() * 1000
    assert 0 < await redis.pttl(b"arq:job:" + job_id) <= queue.KEEP_PAYLOAD.total_seconds() * 1000


async def test_a_job_is_three_batches_that_share_a_call_and_the_longest_due_go_first(either: Store) -> None:
    case_ids = await make_due(either, MOST_STEPS + BATCH + 5)

    swept = [await either.due.sweep(NOW, calls_per_case=0) for _ in range(3)]

    handed = sorted((cases, len(grants)) for cases, grants in await jobs(either))
    assert swept == [Sweep(90, ""), Sweep(35, ""), Sweep(0, "nothing_due")]
    assert handed == [(case_ids[:90], 4), (case_ids[90:], 3)]


async def test_where_there_is_room_for_fewer_calls_the_job_is_smaller(either: Store) -> None:
    await make_due(either, MOST_STEPS)
    await either.limiter.ask(background_budget(200) - 3, background=True)

    swept = [await either.due.sweep(NOW, calls_per_case=0) for _ in range(2)]

    assert swept == [Sweep(60, ""), Sweep(0, "no_grants")]
    assert [len(grants) for _, grants in await jobs(either)] == [3]


async def test_a_job_waits_for_room_that_comes_in_a_moment_rather_than_be_smaller(
    hands_with: Callable[[int], Hands],
) -> None:
    hands = hands_with(200)
    await make_due(hands.store, MOST_STEPS)
    await hands.store.limiter.ask(3, background=True)
    await hands.let_pass(timedelta(seconds=59.5))
    await hands.store.limiter.ask(background_budget(200) - 6, background=True)

    for _ in range(2):
        await hands.store.due.sweep(NOW, calls_per_case=0)
        await hands.let_pass(timedelta(seconds=0.5))

    assert [len(cases) for cases, _ in await hands.batches()] == [90]


async def test_a_lease_that_lapsed_hands_the_case_over_again(either: Store) -> None:
    await make_due(either, 1)
    await either.due.sweep(NOW, calls_per_case=0)

    while_held = await either.due.sweep(later(seconds=59.999), calls_per_case=0)
    lapsed = await either.due.sweep(later(seconds=60), calls_per_case=0)

    assert (while_held.moved, lapsed.moved) == (0, 1)


async def test_sweeps_at_once_never_queue_a_case_twice(store: Store, redis_url: str) -> None:
    case_ids = await make_due(store, 300)
    async with opened(redis_url) as other:
        await asyncio.gather(*(one.due.sweep(NOW, calls_per_case=0) for one in [store, other] * 10))

    handed = [case_id for cases, _ in await jobs(store) for case_id in cases]
    assert sorted(handed) == case_ids


async def test_a_sweep_that_is_repeated_because_its_answer_was_lost_does_nothing_more(store: Store) -> None:
    """redis-py sends a command again when the connection breaks before the answer."""
    await make_due(store, 60)
    redis = redis_of(store)
    await store.due.sweep(NOW, calls_per_case=0)
    (job_id,) = await redis.zrange(queue.QUEUE, 0, -1)
    before = await everything(redis)

    moved, why = await store.due._sweep(
        keys=[keys.DUE, queue.QUEUE, keys.API_LOG, keys.API_HOLD, keys.HOLDS, keys.PROBE],
        args=[NOW_MS, LEASE_MS, BATCH, b"arq:job:" + job_id, job_id, 1, "send_steps", 190, 30, 1, 0, 0, "x", 1, 60_000],
    )

    assert (moved, why) == (0, b"repeated")
    assert await everything(redis) == before


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_background_work_stops_a_twentieth_short(redis_url: str, limit: int) -> None:
    async with opened(redis_url, rate_limit=limit) as store:
        await make_due(store, 30 * 240)
        last = Sweep(1, "")
        while last.moved:
            last = await store.due.sweep(NOW, calls_per_case=0)

        used = await redis_of(store).zcard(keys.API_LOG)
        assert last == Sweep(0, "no_grants")
        assert used == background_budget(limit)
        assert {len(grants) for _, grants in await jobs(store)} == {1: {1}, 2: {1}, 3: {2}, 200: {4, 2}}[limit]


@pytest.mark.parametrize(("limit", "background"), [(1, 1), (2, 1), (3, 2), (20, 19), (21, 19), (200, 190), (240, 228)])
def test_the_background_budget(limit: int, background: int) -> None:
    assert background_budget(limit) == background


async def test_a_click_finds_room_when_background_work_has_used_its_budget(either: Store) -> None:
    await make_due(either, 7000)
    while (await either.due.sweep(NOW, calls_per_case=0)).moved:
        pass

    assert await either.limiter.ask(1, background=True) is None
    assert await either.limiter.ask(10, background=False) is not None
    assert await either.limiter.ask(1, background=False) is None


async def test_a_refused_sweep_changes_nothing(store: Store) -> None:
    await store.limiter.ask(189, background=True)
    await make_due(store, 5)
    before = await everything(redis_of(store))

    swept = await store.due.sweep(NOW, calls_per_case=0)

    assert swept == Sweep(0, "no_grants")
    assert await everything(redis_of(store)) == before


async def test_grants_that_have_lapsed_make_room(store: Store) -> None:
    redis = redis_of(store)
    await redis.zadd(keys.API_LOG, {f"old{number}": await redis_ms(redis) for number in range(190)})
    await make_due(store, 1)

    swept = await store.due.sweep(NOW, calls_per_case=0)

    assert swept.moved == 1
    assert await redis.zcard(keys.API_LOG) == 2


async def test_where_each_case_takes_a_call_the_budget_bounds_the_batch(redis_url: str) -> None:
    async with opened(redis_url, rate_limit=10) as store:
        await make_due(store, 30)

        swept = await store.due.sweep(NOW, calls_per_case=1)
        refused = await store.due.sweep(NOW, calls_per_case=1)

        ((cases, grants),) = await jobs(store)
        assert (swept, refused) == (Sweep(7, ""), Sweep(0, "no_grants"))
        assert len(cases) == 7
        assert len(set(grants)) == 2 + 7


async def test_a_429_stops_the_sweep(store: Store) -> None:
    await make_due(store, 1)
    await store.limiter.hold(60)
    before = await everything(redis_of(store))

    swept = await store.due.sweep(NOW, calls_per_case=0)

    assert swept == Sweep(0, "api_hold")
    assert (await everything(redis_of(store))).keys() == before.keys()
    assert await redis_of(store).zscore(keys.DUE, "txn_0000") == NOW_MS - 100_000


async def test_while_a_hold_is_on_one_case_in_half_a_minute_probes(store: Store) -> None:
    await make_due(store, 5)
    await store.holds.raise_(OperatorMustActError("The key is revoked.", hold=HoldWord.PADDLE_KEY), NOW)
    redis = redis_of(store)

    at_once = await store.due.sweep(NOW, calls_per_case=0)
    await redis.delete(keys.PROBE)  # as its expiry does
    probe = await store.due.sweep(NOW, calls_per_case=0)
    after = await store.due.sweep(NOW, calls_per_case=0)

    assert (at_once, probe, after) == (Sweep(0, "held"), Sweep(1, ""), Sweep(0, "held"))
    assert [cases for cases, _ in await jobs(store)] == [["txn_0000"]]
    assert 29_000 < await redis.pttl(keys.PROBE) <= 30_000


async def test_when_it_is_mended_everything_goes_on(either: Store) -> None:
    await make_due(either, 5)
    await either.holds.raise_(OperatorMustActError("The key is revoked.", hold=HoldWord.PADDLE_KEY), NOW)

    await either.holds.release("paddle_key", began_at=NOW)

    assert await either.due.sweep(NOW, calls_per_case=0) == Sweep(5, "")


async def test_what_is_put_back_is_looked_at_then(store: Store) -> None:
    case_ids = await make_due(store, 2)

    await store.due.put_back(case_ids, later(seconds=10))

    assert await redis_of(store).zrange(keys.DUE, 0, -1, withscores=True) == [
        (case_id.encode(), NOW_MS + 10_000) for case_id in case_ids
    ]


async def test_what_is_over_is_not_put_back(store: Store) -> None:
    await store.due.put_back(["txn_over"], NOW)
    await store.due.put_back([], NOW)

    assert await everything(redis_of(store)) == {}


async def test_what_is_forgotten_is_not_looked_at_again(either: Store) -> None:
    (case_id,) = await make_due(either, 1)

    await either.due.forget(case_id, 0)

    assert await either.due.sweep(NOW, calls_per_case=0) == Sweep(0, "nothing_due")


async def test_a_case_that_came_back_since_it_was_missed_is_still_looked_at(either: Store) -> None:
    case = await open_case(either)

    await either.due.forget(case.id, 0)
    assert await either.due.when([case.id]) != [None]

    await either.due.forget(case.id, 1)
    assert await either.due.when([case.id]) == [None]


async def test_what_is_looked_at_next_comes_first_a_part_at_a_time(either: Store) -> None:
    case_ids = await make_due(either, 3, first_ms=NOW_MS)

    parts = [await either.due.next_up(first, 2) for first in (0, 2, 4)]

    assert parts == [
        [(case_ids[0], NOW), (case_ids[1], later(milliseconds=1))],
        [(case_ids[2], later(milliseconds=2))],
        [],
    ]


async def test_when_a_case_is_looked_at_next_is_known_by_its_id(either: Store) -> None:
    (case_id,) = await make_due(either, 1, first_ms=NOW_MS)

    assert await either.due.when([case_id, "txn_unknown"]) == [NOW, None]
    assert await either.due.when([]) == []
