"""Whose mails were refused in a row, and when one was last accepted: so we see who is refused, a customer or we."""

from dataclasses import dataclass
from datetime import datetime

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

BY_THEM = b"by_them"
UNSPECIFIC = b"unspecific"


@dataclass(frozen=True, slots=True)
class Row:
    """How many different customers' mails were refused in a row; `unspecific`: not plainly for what they are."""

    customers: int
    unspecific: int


class Refusals:
    """The refusals with no mail accepted since, each customer once. An hour without another customer ends the row."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def note(self, customer_id: str, *, about_recipient: bool) -> Row:
        """Add a refusal, and return the row with it. A customer who is in it already does not make it last longer."""
        keep_ms = round(keys.KEEP_REFUSED.total_seconds() * 1000)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(keys.REFUSED, customer_id, BY_THEM if about_recipient else UNSPECIFIC)
            pipe.pexpire(keys.REFUSED, keep_ms, nx=True)
            pipe.hvals(keys.REFUSED)
            new, _, kinds = await pipe.execute()
        if new:
            await self._redis.pexpire(keys.REFUSED, keep_ms)
        return Row(len(kinds), kinds.count(UNSPECIFIC))

    async def accepted(self, now: datetime) -> None:
        """Note that a mail was accepted, which ends the row."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.REFUSED)
            pipe.set(keys.ACCEPTED, to_milliseconds(now))
            await pipe.execute()

    async def accepted_at(self) -> datetime | None:
        """Return when a mail was last accepted; None for never."""
        at = await self._redis.get(keys.ACCEPTED)
        return None if at is None else from_milliseconds(int(at))

    async def are_over(self) -> bool:
        """Return whether there is no row now."""
        return not await self._redis.exists(keys.REFUSED)
