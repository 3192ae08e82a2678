"""Which Paddle account a store belongs to. Cases and events of one account mean nothing to another."""

from dunning.store import keys
from dunning.store.driver.connection import RedisClient


class AccountOfStore:
    """The account that a store is of."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def claim(self, account_id: str) -> str:
        """Make the store this account's unless it is one's already, and return the id of the one that it is of."""
        await self._redis.set(keys.ACCOUNT, account_id, nx=True)
        holder: bytes | None = await self._redis.get(keys.ACCOUNT)
        return account_id if holder is None else holder.decode()
