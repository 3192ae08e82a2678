"""A subscription's live state, kept for a moment.

Where the API budget has no room for a batch's two calls at once, the first is made now and the second a minute later.
"""

import json
from collections.abc import Iterable, Sequence

from dunning.paddle.live import LiveSubscription
from dunning.store import keys
from dunning.store.driver.connection import RedisClient


class Seen:
    """Live states read less than five minutes ago. Ids and states only."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def keep(self, subscriptions: Iterable[LiveSubscription]) -> None:
        """Keep these for the call that comes a minute later."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for one in subscriptions:
                state = [one.id, one.customer_id, one.status, one.collection_mode, one.scheduled_action]
                pipe.set(keys.seen(one.id), json.dumps(state), px=round(keys.KEEP_SEEN.total_seconds() * 1000))
            await pipe.execute()

    async def take(self, subscription_ids: Sequence[str]) -> dict[str, LiveSubscription]:
        """Return those of these that are kept, and forget them."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for subscription_id in subscription_ids:
                pipe.getdel(keys.seen(subscription_id))
            entries = await pipe.execute()
        found = [LiveSubscription(*json.loads(entry)) for entry in entries if entry]
        return {one.id: one for one in found}
