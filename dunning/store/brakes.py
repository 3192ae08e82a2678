"""Brakes: what stops sending because somebody said so, an operator or the breaker, until an operator takes it off.

Steps stay due. Webhooks and payment links know nothing of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.rules.breaker import hour_of, oldest_remembered, without_alarms
from dunning.rules.out_events import Brake, of_brake
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.out_lines import out_lines

# The field for all mail. No campaign can have this name.
ALL = "*"
# Whoever took the breaker's pause off has looked, and knows of this burst.
RELEASED_FOR = timedelta(hours=24)
# For how long a case of a paused campaign stays out of the sweep's way, should `resume` be cut short.
PARKED_FOR = timedelta(hours=1)
AT_ONCE = 1_000
# How the script that sweeps begins the sentence of a pause of its own.
BY_BREAKER = "breaker: "


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when mail is paused, and why."""

    since: datetime
    why: str

    @property
    def is_breakers(self) -> bool:
        """Whether the breaker did it, and no operator."""
        return self.why.startswith(BY_BREAKER)

    @property
    def logged(self) -> str:
        """Why, for the log: without the name of the operator who did it."""
        return self.why if self.is_breakers else self.why.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Paused:
    """What is paused: `all` mail, and the mail of single campaigns."""

    all: Pause | None
    campaigns: Mapping[str, Pause]

    def stops(self, campaign: str) -> bool:
        """Tell whether mail of this campaign is paused, by itself or with all other."""
        return self.all is not None or campaign in self.campaigns


class Brakes:
    """The pauses, and what the breaker goes by."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._pause = scripts.load(redis, "pause")
        self._resume = scripts.load(redis, "resume")
        self._park = scripts.load(redis, "park")

    async def pause(self, campaign: str | None, why: str, now: datetime) -> bool:
        """Pause a campaign's mail, or all (None), and return whether it wasn't paused yet. The first reason stays."""
        entry = json.dumps([to_milliseconds(now), why])
        new = await self._pause(
            keys=[keys.PAUSED, keys.OUT_DESTINATIONS, keys.OUT_NEW],
            args=[campaign or ALL, entry, *out_lines(of_brake(now, Brake.PAUSE, on=True, campaign=campaign))],
        )
        return bool(new)

    async def resume(self, campaign: str | None, now: datetime) -> Pause | None:
        """Take the pause of the campaign, or that of all mail (None), off, and return what it was.

        Campaigns that are paused by themselves stay so when all mail is resumed. A pause of the breaker's, taken off,
        does not come back for a day.
        """
        entry = await self._resume(
            keys=[keys.PAUSED, keys.BREAKER_RELEASED, keys.BREAKER_ALARMS, keys.OUT_DESTINATIONS, keys.OUT_NEW],
            args=[
                campaign or ALL,
                BY_BREAKER,
                round(RELEASED_FOR.total_seconds() * 1000),
                to_milliseconds(now),
                *out_lines(
                    of_brake(now, Brake.PAUSE, on=False, campaign=campaign), of_brake(now, Brake.BREAKER, on=False)
                ),
            ],
        )
        if campaign is not None:
            # Also where nothing was paused: the last resume may have been cut short.
            await self._put_back_parked(campaign, now)
        return None if entry is None else _pause(entry)

    async def paused(self) -> Paused:
        """Return what is paused."""
        return read_paused(await self._redis.hgetall(keys.PAUSED))

    async def park(self, campaign: str, case_ids: Sequence[str], now: datetime) -> bool:
        """Put cases of a paused campaign out of the sweep's way, and return whether it is still paused."""
        until = to_milliseconds(now + PARKED_FOR)
        return bool(
            await self._park(
                keys=[keys.PAUSED, keys.parked(campaign), keys.DUE, keys.LATE],
                args=[campaign, until, *case_ids],
            )
        )

    async def opened(self, now: datetime) -> dict[int, int]:
        """Return how many cases were opened, by `hour_of`, none in the hours of the breaker's alarms.

        What is too old to say anything is forgotten.
        """
        counts = await self.opened_by_hour()
        old = [hour for hour in counts if hour < oldest_remembered(now)]
        if old:
            await self._redis.hdel(keys.OPENED, *old)
        return without_alarms(counts, await self._alarms(now))

    async def opened_by_hour(self) -> dict[int, int]:
        """Return how many cases were opened, by `hour_of`, those of the breaker's alarms too."""
        return {int(hour): int(count) for hour, count in (await self._redis.hgetall(keys.OPENED)).items()}

    async def _alarms(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Return from when to when the breaker held, and forget what is too old."""
        ends = {int(since): int(until) for since, until in (await self._redis.hgetall(keys.BREAKER_ALARMS)).items()}
        alarms = {since: (from_milliseconds(since), from_milliseconds(until)) for since, until in ends.items()}
        old = [since for since, alarm in alarms.items() if hour_of(max(alarm)) < oldest_remembered(now)]
        if old:
            await self._redis.hdel(keys.BREAKER_ALARMS, *old)
        return list(alarms.values())

    async def _put_back_parked(self, campaign: str, now: datetime) -> None:
        """Make what was parked due. What a crash takes out of the set only is due within the hour all the same."""
        while case_ids := await self._redis.spop(keys.parked(campaign), AT_ONCE):
            await self._redis.zadd(keys.DUE, dict.fromkeys(case_ids, to_milliseconds(now)), xx=True)


def read_paused(entries: Mapping[bytes, bytes]) -> Paused:
    """Read what `dunning:paused` holds."""
    pauses = {name.decode(): _pause(entry) for name, entry in sorted(entries.items())}
    return Paused(pauses.pop(ALL, None), pauses)


def _pause(entry: bytes) -> Pause:
    since, why = json.loads(entry)
    return Pause(from_milliseconds(since), why)
