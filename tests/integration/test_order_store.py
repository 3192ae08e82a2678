"""That the store in memory answers the worker as Redis does: the same events, side by side."""

import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from redis.asyncio import Redis

from cli.plan.simulate.paddle import Paddle
from cli.plan.simulate.rehearsal import Rehearsal
from dunning.instants import to_milliseconds
from dunning.store import keys
from tests.integration.edge import settings
from tests.unit.paddle_world import BILL, HISTORIES, SECOND_BILL, a_worker, name_of, told
from worker.handle_event import handle_event
from worker.services import WorkerServices, check_templates, open_services

SHUFFLES = 6


class Clock:
    """A clock that stands still where it is put."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def __call__(self) -> datetime:
        assert self.at
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def services(redis_url: str, clock: Clock) -> AsyncIterator[WorkerServices]:
    given = settings(redis_url)
    opened = open_services(given, redis_url, check_templates(given), clock)
    yield opened
    await opened.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as connection:
        yield connection


async def assert_same(services: WorkerServices, redis: Redis, model: Rehearsal) -> None:
    """Compare both cases, and when they are looked at next."""
    for case_id in (BILL, SECOND_BILL):
        read = await services.store.cases.read_versioned([case_id])
        assert read == await model.store.cases.read_versioned([case_id])
        assert await services.store.cases.story(case_id) == await model.store.cases.story(case_id)
        (due_at,) = await model.store.due.when([case_id])
        assert await redis.zscore(keys.DUE, case_id) == (None if due_at is None else to_milliseconds(due_at))
        assert await services.store.due.late_since([case_id]) == await model.store.due.late_since([case_id])


@pytest.mark.parametrize("history", HISTORIES, ids=name_of)
async def test_the_model_does_what_the_store_and_the_worker_do(
    services: WorkerServices, redis: Redis, clock: Clock, history: Callable[[Paddle], None]
) -> None:
    account = told(history)
    now = clock.at = account.over_at
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES):
        await redis.flushall()
        model = a_worker(account)
        model.now = now
        order = rng.sample(account.events * 2, k=len(account.events) + 2)
        for number, event in enumerate(order, start=1):
            assert await services.store.inbox.accept(event, now) is await model.store.inbox.accept(event, now)
            waiting = list(model.store.kept.inbox)
            some = len(waiting) if number == len(order) else rng.randint(0, len(waiting))
            for event_id in rng.sample(waiting, k=some):
                await handle_event(services, event_id)
                await handle_event(model.services, event_id)
                await assert_same(services, redis, model)
