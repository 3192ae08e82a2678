"""The tokens of the seller's programs: who has one, for what, and when it was last used."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic_core import from_json, to_json

from dunning.access_token import Scope
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

# When a token was last used is kept this exactly, so that not every request writes.
USED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What is kept of a token."""

    id: str
    name: str
    scopes: frozenset[Scope]
    made_at: datetime
    digest: str = field(repr=False)
    used_at: datetime | None = None
    """To the minute."""


class AccessTokens:
    """The tokens that were made and not revoked."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def add(self, token_id: str, name: str, scopes: Collection[Scope], digest: str, now: datetime) -> None:
        """Keep a new token."""
        kept = {"name": name, "scopes": sorted(scopes), "made_at": to_milliseconds(now), "digest": digest}
        await self._redis.hset(keys.TOKENS, token_id, to_json(kept))

    async def find(self, token_id: str) -> AccessToken | None:
        """Return the token with this id, unless it was revoked."""
        kept, used = await self._redis.hget(keys.TOKENS, token_id), await self._redis.hget(keys.TOKENS_USED, token_id)
        return None if kept is None else _read(token_id, kept, used)

    async def all(self) -> list[AccessToken]:
        """Return every token, the oldest first."""
        kept, used = await self._redis.hgetall(keys.TOKENS), await self._redis.hgetall(keys.TOKENS_USED)
        tokens = [_read(token_id.decode(), one, used.get(token_id)) for token_id, one in kept.items()]
        return sorted(tokens, key=lambda token: (token.made_at, token.id))

    async def note_use(self, token: AccessToken, now: datetime) -> None:
        """Note that the token is used."""
        if token.used_at is None or now - token.used_at >= USED_WITHIN:
            await self._redis.hset(keys.TOKENS_USED, token.id, to_milliseconds(now))

    async def revoke(self, token_id: str) -> bool:
        """Forget a token, and return whether there was one. From now on it opens nothing."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(keys.TOKENS, token_id)
            pipe.hdel(keys.TOKENS_USED, token_id)
            return bool((await pipe.execute())[0])


def _read(token_id: str, kept: bytes, used: bytes | None) -> AccessToken:
    values = from_json(kept)
    return AccessToken(
        id=token_id,
        name=values["name"],
        scopes=frozenset(Scope(one) for one in values["scopes"]),
        made_at=from_milliseconds(values["made_at"]),
        digest=values["digest"],
        used_at=None if used is None else from_milliseconds(int(used)),
    )
