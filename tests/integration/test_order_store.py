"""That what the order tests run on is a true model of the store and the worker: the same events, side by side."""

import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from redis.asyncio import Redis

from cli.simulate.memory import Memory
from cli.simulate.paddle import Paddle
from cli.simulate.service import Dunning
from dunning.instants import to_milliseconds
from dunning.store import keys
from tests.integration.edge import settings
from tests.unit.paddle_world import BILL, CAMPAIGNS, HISTORIES, SECOND_BILL, name_of, told
from worker.handle_event import handle_event
from worker.services import Services, check_templates, open_services

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
async def services(redis_url: str, clock: Clock) -> AsyncIterator[Services]:
    given = settings(redis_url)
    opened = open_services(given, redis_url, check_templates(given), clock)
    yield opened
    await opened.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as connection:
        yield connection


async def assert_same(services: Services, redis: Redis, model: Dunning) -> None:
    """Compare both cases, and when they are looked at next."""
    for case_id in (BILL, SECOND_BILL):
        read = await services.store.cases.read_versioned([case_id])
        assert read == [model.memory.read(case_id)]
        due_at = model.memory.due.get(case_id)
        assert await redis.zscore(keys.DUE, case_id) == (None if due_at is None else to_milliseconds(due_at))


@pytest.mark.parametrize("history", HISTORIES, ids=name_of)
async def test_the_model_does_what_the_store_and_the_worker_do(
    services: Services, redis: Redis, clock: Clock, history: Callable[[Paddle], None]
) -> None:
    account = told(history)
    now = clock.at = account.over_at
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES):
        await redis.flushall()
        model = Dunning(Memory(as_text=True), account.paddle, CAMPAIGNS)
        order = rng.sample(account.events * 2, k=len(account.events) + 2)
        for number, event in enumerate(order, start=1):
            assert await services.store.inbox.accept(event, now) is model.memory.accept(event, now)
            waiting = model.memory.unhandled()
            some = len(waiting) if number == len(order) else rng.randint(0, len(waiting))
            for event_id in rng.sample(waiting, k=some):
                await handle_event(services, event_id)
                model.handle(event_id, now)
                await assert_same(services, redis, model)
