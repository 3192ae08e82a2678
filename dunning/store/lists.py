"""Lists of cases, each a page at a time: by state, reason and campaign. The writing of a case keeps them: `commit.lua`.

Open cases are in order of when they are looked at next, ended ones the last written first. What a list names may be
elsewhere or gone meanwhile, so whoever reads a page looks at the cases.
"""

import heapq
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.instants import to_milliseconds
from dunning.rules.case import USUAL_CAMPAIGN, Case, CaseState
from dunning.store import keys
from dunning.store.driver.connection import RedisClient

AT_ONCE = 500
# Whoever lists what was written before us keeps this anew with each chunk. Past it, another worker begins anew.
KEEP_TURN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a list: a case, and what it is in order by, in milliseconds."""

    at: int
    case_id: str


def list_of(case: Case) -> str:
    """Name the list that a case is in. Open ones of the usual campaign are in none: the due index has them."""
    if case.is_open and case.campaign == USUAL_CAMPAIGN:
        return ""
    return _name(case.state, case.reason, case.campaign)


class Lists:
    """Reads the lists."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def open(self, campaign: str | None, after: Place | None, count: int) -> list[Place]:
        """Return the open cases after a place. Of the usual campaign, those of others may be among them."""
        every = campaign in {None, USUAL_CAMPAIGN}
        index = keys.DUE if every else keys.listed(_name(CaseState.OPEN, None, str(campaign)))
        return await self._after(index, after, count, latest_first=False)

    async def ended(
        self, states: Collection[CaseState], reason: str | None, campaign: str | None, after: Place | None, count: int
    ) -> list[Place]:
        """Return the ended cases of these states after a place, of this reason and campaign if these are not None."""
        if reason is None and campaign is None and {*CaseState} - {CaseState.OPEN} <= {*states}:
            return await self._after(keys.ENDED, after, count, latest_first=True)
        wanted = [
            name
            for name in sorted(one.decode() for one in await self._redis.smembers(keys.LISTS))
            if _is(name, states, reason, campaign)
        ]
        found = [await self._after(keys.listed(name), after, count, latest_first=True) for name in wanted]
        return [*heapq.merge(*found, reverse=True)][:count]

    async def history(self, entity_id: str, after: Place | None, count: int) -> list[Place]:
        """Return the ended cases of a customer or a subscription after a place."""
        return await self._after(keys.history(entity_id), after, count, latest_first=True)

    async def take_turn(self) -> bool:
        """Return whether what was written before us is to be listed now, by the caller."""
        return bool(await self._redis.set(keys.LISTS_MADE, "1", nx=True, px=_milliseconds(KEEP_TURN)))

    async def end_turn(self) -> None:
        """Note that all is listed."""
        await self._redis.set(keys.LISTS_MADE, "1", px=_milliseconds(keys.KEEP_LISTS_MADE))

    async def all_cases(self) -> AsyncIterator[list[Place]]:
        """Go through all cases, some at a time, and keep the turn. One that is written meanwhile may be missing."""
        for index in (keys.DUE, keys.ENDED):
            cursor: int | None = None
            while cursor != 0:
                cursor, found = await self._redis.zscan(index, cursor or 0, count=AT_ONCE)
                await self._redis.pexpire(keys.LISTS_MADE, _milliseconds(KEEP_TURN))
                yield [Place(int(at), case_id.decode()) for case_id, at in found]

    async def add(self, cases: Iterable[tuple[Case, Place]], now: datetime) -> None:
        """List these cases. What is too old to be kept is taken off their lists."""
        too_old = to_milliseconds(now - keys.KEEP_ENDED_CASE)
        async with self._redis.pipeline(transaction=True) as pipe:
            for case, place in cases:
                name = list_of(case)
                if name:
                    pipe.sadd(keys.LISTS, name)
                    pipe.zadd(keys.listed(name), {case.id: place.at})
                    if not case.is_open:
                        pipe.zremrangebyscore(keys.listed(name), "-inf", too_old)
                        pipe.pexpire(keys.listed(name), _milliseconds(keys.KEEP_ENDED_CASE))
            await pipe.execute()

    async def _after(self, index: str, after: Place | None, count: int, *, latest_first: bool) -> list[Place]:
        """Return so many of an index after a place, whether or not what was there still is."""
        if after is None:
            found = await self._redis.zrange(index, 0, count - 1, desc=latest_first, withscores=True)
            return _places(found)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zscore(index, after.case_id)
            (pipe.zrevrank if latest_first else pipe.zrank)(index, after.case_id)
            at, rank = await pipe.execute()
        if at is not None and int(at) == after.at:
            found = await self._redis.zrange(index, rank + 1, rank + count, desc=latest_first, withscores=True)
            return _places(found)
        return await self._after_one_that_left(index, after, count, latest_first=latest_first)

    async def _after_one_that_left(self, index: str, after: Place, count: int, *, latest_first: bool) -> list[Place]:
        read = self._redis.zrevrangebyscore if latest_first else self._redis.zrangebyscore
        end = "-inf" if latest_first else "+inf"
        first, places = 0, list[Place]()
        while len(places) < count:
            some = _places(await read(index, after.at, end, start=first, num=count, withscores=True))
            places += [one for one in some if (one < after if latest_first else one > after)]
            first += len(some)
            if len(some) < count:
                break
        return places[:count]


def _places(found: Sequence[tuple[bytes, float]]) -> list[Place]:
    return [Place(int(at), case_id.decode()) for case_id, at in found]


def _name(state: CaseState, reason: str | None, campaign: str) -> str:
    return f"{state}:{reason or ''}:{campaign}"


def _is(name: str, states: Collection[CaseState], reason: str | None, campaign: str | None) -> bool:
    its_state, its_reason, its_campaign = name.split(":", 2)
    return its_state in states and reason in {None, its_reason} and campaign in {None, its_campaign}


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
