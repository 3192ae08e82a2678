from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunning.paddle_api.grants import Grant
from dunning.store import Store, keys
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import opened, redis_ms, redis_of


async def counts_until(store: Store, grant: Grant) -> float | None:
    """Give for how many ms from now a grant counts."""
    redis = redis_of(store)
    scores = await redis.zmscore(keys.API_LOG, [grant.id, f"{grant.id}:used"])
    counting = [score for score in scores if score is not None]
    return counting[0] - await redis_ms(redis) if counting else None


async def let_pass(redis: Any, seconds: float) -> None:  # noqa: ANN401 - as redis_of gives it
    """Let time pass for the limiter: move all that it has noted into the past, since Redis' clock can't be moved."""
    milliseconds = round(seconds * 1000)
    for member, score in await redis.zrange(keys.API_LOG, 0, -1, withscores=True):
        await redis.zadd(keys.API_LOG, {member: score - milliseconds})
    for key in (keys.API_LOG, keys.API_HOLD):
        left = await redis.pttl(key)
        if left > 0:
            await redis.pexpire(key, left - milliseconds)


async def grant_of(store: Store) -> Grant:
    granted = await store.limiter.ask(1, background=False)
    assert granted is not None
    return granted[0]


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_no_more_grants_than_the_limit(redis_url: str, limit: int) -> None:
    async with opened(redis_url, rate_limit=limit) as store:
        granted = await store.limiter.ask(limit, background=False)
        one_more = await store.limiter.ask(1, background=False)

    assert len({grant.id for grant in granted or []}) == limit
    assert one_more is None


async def test_more_than_there_is_room_for_gets_none_at_all(redis_url: str) -> None:
    async with opened(redis_url, rate_limit=3) as store:
        await store.limiter.ask(2, background=False)

        refused = await store.limiter.ask(2, background=False)

        assert refused is None
        assert await redis_of(store).zcard(keys.API_LOG) == 2


async def test_processes_share_one_budget(store: Store, redis_url: str) -> None:
    async with opened(redis_url) as other:
        await store.limiter.ask(200, background=False)

        assert await other.limiter.ask(1, background=False) is None


async def test_a_grant_counts_from_asking_through_the_call_until_a_minute_after_the_answer(store: Store) -> None:
    grant = await grant_of(store)
    asked = await counts_until(store, grant)
    assert await store.limiter.begin(grant)
    begun = await counts_until(store, grant)
    await let_pass(redis_of(store), 8)
    await store.limiter.end(grant)
    ended = await counts_until(store, grant)

    assert asked is not None
    assert begun is not None
    assert ended is not None
    assert 50_000 < asked <= 60_000
    assert 65_000 < begun <= 75_000
    assert 50_000 < ended <= 60_000


async def test_a_call_whose_process_died_counts_for_as_long_as_it_could_have_taken(redis_url: str) -> None:
    async with opened(redis_url, rate_limit=1) as store:
        await store.limiter.begin(await grant_of(store))

        await let_pass(redis_of(store), 70)
        early = await store.limiter.ask(1, background=False)
        await let_pass(redis_of(store), 5)
        late = await store.limiter.ask(1, background=False)

    assert early is None
    assert late is not None


async def test_a_grant_never_used_lapses_and_begins_no_call(redis_url: str) -> None:
    async with opened(redis_url, rate_limit=1) as store:
        grant = await grant_of(store)

        await let_pass(redis_of(store), 60)

        assert not await store.limiter.begin(grant)
        assert await store.limiter.ask(1, background=False) is not None
        assert not await store.limiter.begin(grant)


async def test_a_grant_that_nobody_gave_begins_no_call(store: Store) -> None:
    assert not await store.limiter.begin(Grant("made-up"))
    await store.limiter.end(Grant("made-up"))

    assert not await redis_of(store).exists(keys.API_LOG)


async def test_the_log_is_forgotten_when_nobody_calls(store: Store) -> None:
    grant = await grant_of(store)
    await store.limiter.begin(grant)

    assert 75_000 < await redis_of(store).pttl(keys.API_LOG) <= 300_000


async def test_a_hold_refuses_to_give_and_to_begin_but_not_to_end(store: Store) -> None:
    running, waiting = await grant_of(store), await grant_of(store)
    await store.limiter.begin(running)

    await store.limiter.hold(30)
    await store.limiter.end(running)

    assert await store.limiter.ask(1, background=False) is None
    assert not await store.limiter.begin(waiting)
    assert (await counts_until(store, running) or 0) <= 60_000


async def test_after_the_hold_it_goes_on(store: Store) -> None:
    waiting = await grant_of(store)
    await store.limiter.hold(30)

    await let_pass(redis_of(store), 30)

    assert await store.limiter.begin(waiting)
    assert await store.limiter.ask(1, background=False) is not None


@pytest.mark.parametrize("first_then", [(90, 30), (30, 90)])
async def test_the_longer_of_two_holds_wins(store: Store, first_then: tuple[int, int]) -> None:
    for seconds in first_then:
        await store.limiter.hold(seconds)

    assert 80_000 < await redis_of(store).pttl(keys.API_HOLD) <= 90_000


async def test_without_redis_no_call_begins_and_the_end_of_one_is_no_error() -> None:
    with EmbeddedServer(tcp=True) as server:
        async with opened(server.url) as store:
            grant = await grant_of(store)
            server.stop()

            assert not await store.limiter.begin(grant)
            await store.limiter.end(grant)


async def test_the_shortest_hold_is_no_mistake(either: Store) -> None:
    await either.limiter.hold(0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(1, 4), st.booleans()),
        st.tuples(st.just("begin"), st.just(0), st.booleans()),
        st.tuples(st.just("end"), st.just(0), st.booleans()),
        st.tuples(st.just("die"), st.just(0), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([1, 4, 10, 31, 45, 59, 60, 61]), st.booleans()),
    ),
    min_size=10,
    max_size=60,
)


class World:
    """Callers of an API, and when their calls were counted there: at the start of a call or at its end."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.waiting: list[Grant] = []
        self.running: list[tuple[Grant, bool]] = []
        self.counted_ms: list[int] = []
        self.passed_ms = 0

    async def now_ms(self) -> int:
        return await redis_ms(redis_of(self.store)) + self.passed_ms

    async def ask(self, count: int, *, background: bool) -> None:
        self.waiting += await self.store.limiter.ask(count, background=background) or []

    async def begin(self, *, counted_at_once: bool) -> None:
        if self.waiting:
            grant = self.waiting.pop(0)
            if await self.store.limiter.begin(grant):
                self.running.append((grant, counted_at_once))
                if counted_at_once:
                    self.counted_ms.append(await self.now_ms())

    async def stop(self, *, answered: bool) -> None:
        if self.running:
            grant, counted = self.running.pop(0)
            if not counted:
                self.counted_ms.append(await self.now_ms())
            if answered:
                await self.store.limiter.end(grant)

    async def wait(self, seconds: int) -> None:
        if seconds > 10:  # the longest a call takes: by then all have ended, one way or the other
            await self.wait(10)
            seconds -= 10
            while self.running:
                await self.stop(answered=True)
        await let_pass(redis_of(self.store), seconds)
        self.passed_ms += seconds * 1000

    async def do(self, what: str, number: int, *, choice: bool) -> None:
        match what:
            case "ask":
                await self.ask(number, background=choice)
            case "begin":
                await self.begin(counted_at_once=choice)
            case "end" | "die":
                await self.stop(answered=what == "end")
            case _:
                while self.running and number <= 10:
                    await self.stop(answered=choice)
                await self.wait(number)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.sampled_from([1, 2, 3, 5]), steps=STEPS)
async def test_in_no_minute_do_more_calls_pass_than_the_limit(
    redis_url: str, limit: int, steps: list[tuple[str, int, bool]]
) -> None:
    async with opened(redis_url, rate_limit=limit) as store:
        await redis_of(store).flushall()
        world = World(store)

        for what, number, choice in steps:
            await world.do(what, number, choice=choice)

    counted = sorted(world.counted_ms)
    for start in counted:
        assert sum(start <= moment < start + 60_000 for moment in counted) <= limit


async def test_a_grant_is_good_for_one_call_however_often_its_job_runs(either: Store) -> None:
    grant = await grant_of(either)

    assert await either.limiter.begin(grant)
    assert not await either.limiter.begin(grant)


async def test_giving_back_a_grant_does_not_erase_the_call_that_was_made_with_it(redis_url: str) -> None:
    async with opened(redis_url, rate_limit=1) as store:
        grant = await grant_of(store)
        await store.limiter.begin(grant)
        await store.limiter.give_back([grant])

        assert await store.limiter.ask(1, background=False) is None


async def test_a_grant_that_was_not_used_makes_room_again(redis_url: str) -> None:
    async with opened(redis_url, rate_limit=1) as store:
        grants = await store.limiter.ask(1, background=False)
        assert grants is not None
        assert await store.limiter.ask(1, background=False) is None
        await store.limiter.give_back(grants)
        assert await store.limiter.ask(1, background=False) is not None
