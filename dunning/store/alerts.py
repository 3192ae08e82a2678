"""What somebody was told, kept for all processes, so that each thing is told once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.rules.growth import Growth
from dunning.rules.telling import Told
from dunning.rules.troubles import Trouble
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

# A look and its messages end long before. A process that died in one keeps the others waiting no longer.
TURN = timedelta(minutes=1)
# Says that somebody has looked, even if there is no counter yet.
LOOKED = "looked"
# Of messages that were sent.
KEPT = 200


@dataclass(frozen=True, slots=True)
class Digested:
    """The last digest: when it was, and the counters then."""

    at: datetime
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SentAlert:
    """A message that was sent. `to` says by which services, by the schemes of their URLs; none means the log alone."""

    at: datetime
    title: str
    body: str
    bad: bool
    to: tuple[str, ...]


class Alerts:
    """Whose turn it is to tell, and what was told."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def take_turn(self) -> bool:
        """Return whether it is the caller's turn to look and tell. `end_turn` gives it on."""
        return bool(await self._redis.set(keys.ALERTS_TURN, "1", px=_milliseconds(TURN), nx=True))

    async def end_turn(self, rest: timedelta) -> None:
        """Let somebody else look, after a rest."""
        await self._redis.pexpire(keys.ALERTS_TURN, _milliseconds(rest))

    async def note_listeners(self) -> None:
        """Note that a process has somebody to tell."""
        await self._redis.set(keys.ALERTS_LISTENERS, "1", px=_milliseconds(keys.KEEP_LISTENERS))

    async def has_listeners(self) -> bool:
        """Return whether any process had somebody to tell lately."""
        return bool(await self._redis.exists(keys.ALERTS_LISTENERS))

    async def told(self) -> dict[str, Told]:
        """Return what was told, by the troubles' keys."""
        entries = {
            key.decode(): json.loads(told) for key, told in (await self._redis.hgetall(keys.ALERTS_TOLD)).items()
        }
        return {
            key: Told(_moment(since), _moment(told_at), bool(said))
            for key, (since, told_at, said) in entries.items()
            if key.partition(":")[0] in set(Trouble)  # another version may know others
        }

    async def keep_told(self, told: Mapping[str, Told]) -> None:
        """Remember this and nothing else."""
        entries = {key: json.dumps([_number(one.since), _number(one.told_at), one.said]) for key, one in told.items()}
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.ALERTS_TOLD)
            if entries:
                pipe.hset(keys.ALERTS_TOLD, mapping=entries)
            await pipe.execute()

    async def note_sent(self, one: SentAlert) -> None:
        """Note a message that somebody was sent."""
        kept = json.dumps([to_milliseconds(one.at), one.title, one.body, one.bad, list(one.to)])
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpush(keys.ALERTS_SENT, kept)
            pipe.ltrim(keys.ALERTS_SENT, 0, KEPT - 1)
            await pipe.execute()

    async def sent(self, count: int) -> list[SentAlert]:
        """Return the last messages, the newest first."""
        found = [json.loads(one) for one in await self._redis.lrange(keys.ALERTS_SENT, 0, count - 1)]
        return [SentAlert(from_milliseconds(at), title, body, bad, tuple(to)) for at, title, body, bad, to in found]

    async def growth(self) -> dict[str, Growth] | None:
        """Return the counters whose growth is news as they were last seen; None if nobody has looked yet."""
        entries = await self._redis.hgetall(keys.ALERTS_GROWN)
        if not entries:
            return None
        grown = {name.decode(): json.loads(entry) for name, entry in entries.items()}
        grown.pop(LOOKED, None)
        return {name: Growth(count, more, _moment(at)) for name, (count, more, at) in grown.items()}

    async def keep_growth(self, growth: Mapping[str, Growth]) -> None:
        """Remember how they are now."""
        entries = {name: json.dumps([one.count, one.more, _number(one.at)]) for name, one in growth.items()}
        await self._redis.hset(keys.ALERTS_GROWN, mapping={LOOKED: "1"} | entries)

    async def digested(self) -> Digested | None:
        """Return the last digest, or None if there was none."""
        entries = {name.decode(): int(count) for name, count in (await self._redis.hgetall(keys.ALERTS_DIGEST)).items()}
        at = entries.pop("at", None)
        return None if at is None else Digested(from_milliseconds(at), entries)

    async def keep_digested(self, counters: Mapping[str, int], now: datetime) -> None:
        """Remember a digest."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.ALERTS_DIGEST)
            pipe.hset(keys.ALERTS_DIGEST, mapping={**counters, "at": to_milliseconds(now)})
            await pipe.execute()


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_milliseconds(milliseconds)


def _number(moment: datetime | None) -> int | None:
    return None if moment is None else to_milliseconds(moment)


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
