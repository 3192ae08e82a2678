"""Both stores are told the same at random, and have to answer the same."""

import pytest

from tests.integration.at_rest import opened
from tests.integration.side_by_side import Both
from tests.integration.stores import MemoryHands, RedisHands

# Little, so that the budget is met.
RATE_LIMIT = 12


@pytest.mark.parametrize("seed", range(20))
async def test_what_both_stores_are_told_at_random_they_answer_alike(redis_url: str, seed: int) -> None:
    async with opened(redis_url, rate_limit=RATE_LIMIT) as store:
        both = Both(RedisHands(store), MemoryHands(rate_limit=RATE_LIMIT), seed)
        for _ in range(80):
            await both.step()
            await both.compare()
