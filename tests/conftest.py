"""What tests of every kind share: a real server, and a store on it that is empty."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import cast

import hypothesis
import pytest
from redis import Redis

from dunning.settings.env_file import ENV_FILE
from dunning.store import Store
from dunning.store.memory import MemoryStore
from dunning.store.server.embedded import EmbeddedServer
from tests.measured.sitecustomize import measure_before_pytest

measure_before_pytest()

# A developer's own .env in this folder is no part of any test, nor of a process that a test starts.
os.environ[ENV_FILE] = os.devnull

# Machines are noisy, so no example is timed. Where others wait for the result, the same examples are tried each time.
hypothesis.settings.register_profile("any", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "any")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedServer]:
    """One server for all tests that neither stop nor configure it."""
    with EmbeddedServer(tcp=True) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedServer) -> str:
    """Give the address of a server that holds nothing."""
    with Redis.from_url(redis_server.url) as redis:
        redis.flushall()
    return redis_server.url


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    """Give an empty store with Paddle's default budget."""
    opened = Store.open(redis_url, rate_limit=200)
    yield opened
    await opened.close()


@pytest.fixture(params=["redis", "memory"])
def either(request: pytest.FixtureRequest, now: datetime) -> Store:
    """Give an empty store of each kind: what is true of one has to be true of the other."""
    if request.param == "memory":
        return cast("Store", MemoryStore(lambda: now, rate_limit=200))
    store: Store = request.getfixturevalue("store")
    return store


@pytest.fixture
def now() -> datetime:
    """Give the moment at which the tests that stop the clock take place."""
    return datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
