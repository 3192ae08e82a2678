"""Attempts to sign in that were in vain: from one address, and in all."""

from dunning.store import keys
from dunning.store.driver.connection import RedisClient

# Within `keys.KEEP_SIGN_INS`, counted from the first.
MOST_FROM_ONE = 10
MOST_IN_ALL = 100
ALL = "all"


class SignIns:
    """How often it was tried in vain lately."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def are_too_many(self, who: str) -> bool:
        """Say whether whoever comes from there, or everybody, has to wait.

        Args:
            who: a keyed hash of the address.
        """
        from_one, in_all = await self._redis.mget(keys.sign_ins(who), keys.sign_ins(ALL))
        return int(from_one or 0) >= MOST_FROM_ONE or int(in_all or 0) >= MOST_IN_ALL

    async def note_refused(self, who: str) -> None:
        """Note an attempt in vain."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in (keys.sign_ins(who), keys.sign_ins(ALL)):
                pipe.set(key, 0, px=keys.KEEP_SIGN_INS, nx=True)
                pipe.incr(key)
            await pipe.execute()
