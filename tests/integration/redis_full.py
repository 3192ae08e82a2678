"""A Redis that refuses writes, from a moment of the test's choosing on: the quickest way for it to be away."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.paddle_api.grants import Grant
from dunning.store import Store
from tests.integration.at_rest import redis_of


async def fill(store: Store) -> None:
    await redis_of(store).config_set("maxmemory", 1)


async def empty(store: Store) -> None:
    await redis_of(store).config_set("maxmemory", 0)


@asynccontextmanager
async def emptied_in_the_end(store: Store) -> AsyncIterator[None]:
    """Leave the server as it was."""
    try:
        yield
    finally:
        await empty(store)


@dataclass
class FullOnceAsked:
    """Paddle's client, with a Redis that is full as soon as Paddle has answered."""

    real: Any
    store: Store

    async def read_transactions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveTransaction]:
        return dict(await self.real.read_transactions(ids, grant))

    async def read_subscriptions(self, ids: Sequence[str], grant: Grant) -> dict[str, LiveSubscription]:
        answer = dict(await self.real.read_subscriptions(ids, grant))
        await fill(self.store)
        return answer
