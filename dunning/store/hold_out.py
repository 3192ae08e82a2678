"""The key of the draw for hold-outs: made once, and kept, since with another one other customers would be held out."""

import secrets

from dunning.store import keys
from dunning.store.driver.connection import RedisClient

_BYTES = 16


class HoldOut:
    """The key by which customers are drawn: see `dunning.rules.hold_out`."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def key(self) -> str:
        """Return it; the first who asks makes it."""
        found: bytes | None = await self._redis.get(keys.HOLD_OUT)
        if found is None:
            made = secrets.token_hex(_BYTES)
            await self._redis.set(keys.HOLD_OUT, made, nx=True)
            found = await self._redis.get(keys.HOLD_OUT) or made.encode()
        return found.decode()
