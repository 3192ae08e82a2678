"""The people who may come to the private side: links that sign in once, and sessions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic_core import from_json, to_json

from dunning import time_limits
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.people import PersonRole, session_ends_at
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

# When a session was last used is kept this exactly, so that not every request writes.
USED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignInLink:
    """What is kept of a link that nobody has used yet."""

    id: str
    name: str
    role: PersonRole
    made_at: datetime
    digest: str = field(repr=False)

    def is_good(self, now: datetime) -> bool:
        """Say whether it may still be used."""
        return now < self.made_at + time_limits.SIGN_IN_LINK


@dataclass(frozen=True, slots=True)
class Session:
    """What is kept of somebody who is signed in."""

    id: str
    name: str
    role: PersonRole
    made_at: datetime
    used_at: datetime
    """To the minute."""
    digest: str = field(repr=False)

    @property
    def ends_at(self) -> datetime:
        """When it ends unless it is used again."""
        return session_ends_at(self.made_at, self.used_at)


class People:
    """Who was given a link, and who is signed in."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def add_link(self, link: SignInLink) -> None:
        """Keep a link until it is used, or too old."""
        await self._redis.set(keys.sign_in(link.id), _kept(link), px=time_limits.SIGN_IN_LINK)

    async def find_link(self, link_id: str) -> SignInLink | None:
        """Return the link with this id, unless it was used or is too old. Uses nothing up."""
        kept = await self._redis.get(keys.sign_in(link_id))
        return None if kept is None else _link(link_id, kept)

    async def use_link(self, link_id: str) -> bool:
        """Use a link up, and return whether it was there: of those who try at once, one alone is told so."""
        return bool(await self._redis.delete(keys.sign_in(link_id)))

    async def add_session(self, session: Session) -> None:
        """Keep a session, and forget those that have ended."""
        ended = [one.id for one in await self._every() if one.ends_at <= session.made_at]
        async with self._redis.pipeline(transaction=True) as pipe:
            if ended:
                pipe.hdel(keys.SESSIONS, *ended)
                pipe.hdel(keys.SESSIONS_USED, *ended)
            pipe.hset(keys.SESSIONS, session.id, _kept(session))
            pipe.hset(keys.SESSIONS_USED, session.id, to_milliseconds(session.used_at))
            await pipe.execute()

    async def find_session(self, session_id: str, now: datetime) -> Session | None:
        """Return the session with this id, unless it has ended."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(keys.SESSIONS, session_id)
            pipe.hget(keys.SESSIONS_USED, session_id)
            kept, used = await pipe.execute()
        found = None if kept is None else _session(session_id, kept, used)
        return found if found is not None and now < found.ends_at else None

    async def sessions(self, now: datetime) -> list[Session]:
        """Return every session that has not ended, the oldest first."""
        found = (one for one in await self._every() if now < one.ends_at)
        return sorted(found, key=lambda one: (one.made_at, one.id))

    async def note_use(self, session: Session, now: datetime) -> None:
        """Note that the session is used."""
        if now - session.used_at >= USED_WITHIN:
            await self._redis.hset(keys.SESSIONS_USED, session.id, to_milliseconds(now))

    async def end_session(self, session_id: str) -> bool:
        """End a session, and return whether there was one."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(keys.SESSIONS, session_id)
            pipe.hdel(keys.SESSIONS_USED, session_id)
            return bool((await pipe.execute())[0])

    async def _every(self) -> list[Session]:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(keys.SESSIONS)
            pipe.hgetall(keys.SESSIONS_USED)
            kept, used = await pipe.execute()
        return [_session(session_id.decode(), one, used.get(session_id)) for session_id, one in kept.items()]


def _kept(of: SignInLink | Session) -> bytes:
    return to_json({"name": of.name, "role": of.role, "made_at": to_milliseconds(of.made_at), "digest": of.digest})


def _link(link_id: str, kept: bytes) -> SignInLink:
    values = from_json(kept)
    return SignInLink(
        link_id, values["name"], PersonRole(values["role"]), from_milliseconds(values["made_at"]), values["digest"]
    )


def _session(session_id: str, kept: bytes, used: bytes | None) -> Session:
    values = from_json(kept)
    made_at = from_milliseconds(values["made_at"])
    return Session(
        id=session_id,
        name=values["name"],
        role=PersonRole(values["role"]),
        made_at=made_at,
        used_at=made_at if used is None else from_milliseconds(int(used)),
        digest=values["digest"],
    )
