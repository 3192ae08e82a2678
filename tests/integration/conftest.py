"""What several tests share: Paddle's twin, and for the suite of both stores a store, once in Redis, once in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from dunning.store import Store
from paddle_twin import Twin
from tests.integration.stores import Hands, MemoryHands, RedisHands


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    """Serve Paddle's twin, with nobody in it."""
    async with Twin() as started:
        yield started


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """Give what asks over HTTP."""
    async with ClientSession() as session:
        yield session


@pytest.fixture(params=["redis", "memory"])
async def hands_with(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[int], Hands]]:
    """Open empty stores of either kind, each with so many API calls a minute."""
    async with AsyncExitStack() as stack:

        def make(rate_limit: int) -> Hands:
            if request.param == "memory":
                return MemoryHands(rate_limit=rate_limit)
            store = Store.open(request.getfixturevalue("redis_url"), rate_limit=rate_limit)
            stack.push_async_callback(store.close)
            return RedisHands(store)

        yield make


@pytest.fixture
def hands(hands_with: Callable[[int], Hands]) -> Hands:
    """Give an empty store of either kind, with what a test may do to it from outside."""
    return hands_with(200)
