"""The due index, the brakes, the holds and the API budget in memory: what sweep.lua decides by, and what it does."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count

from dunning.errors import OperatorMustActError
from dunning.jobs import BATCH, MOST_STEPS
from dunning.paddle_api.grants import Grant
from dunning.rules.breaker import hour_of, oldest_remembered, without_alarms
from dunning.rules.out_events import Brake, of_brake
from dunning.store.brakes import BY_BREAKER, PARKED_FOR, RELEASED_FOR, Pause, Paused
from dunning.store.due import LEASE, MORE_ROOM_WITHIN, PROBE_EVERY, Sweep
from dunning.store.holds import EVERYTHING, Hold
from dunning.store.limiter import CALL_MS, WINDOW_MS, background_budget
from dunning.store.memory.kept import Batch, Kept, PassingKeys

NOTHING_PAUSED = Paused(None, {})
WINDOW, CALL = timedelta(milliseconds=WINDOW_MS), timedelta(milliseconds=CALL_MS)


class MemoryBrakes:
    """What `dunning.store.brakes.Brakes` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.pauses: dict[str | None, Pause] = {}
        self.released = PassingKeys[str](kept.clock)
        self._parked: dict[str, set[str]] = {}
        self._alarms: list[tuple[datetime, datetime]] = []

    async def pause(self, campaign: str | None, why: str, now: datetime) -> bool:
        """Pause a campaign's mail, or all (None), and return whether it wasn't paused yet. The first reason stays."""
        new = campaign not in self.pauses
        self.pauses.setdefault(campaign, Pause(self._kept.moment(now), why))
        if new:
            self._kept.tell(of_brake(now, Brake.PAUSE, on=True, campaign=campaign))
        return new

    async def resume(self, campaign: str | None, now: datetime) -> Pause | None:
        """Take a pause off, and return what it was."""
        was = self.pauses.pop(campaign, None)
        if was is not None and was.is_breakers:
            self.released.add("breaker", RELEASED_FOR)
            self._alarms.append((was.since, self._kept.moment(now)))
        if was is not None:
            by = Brake.BREAKER if was.is_breakers else Brake.PAUSE
            self._kept.tell(of_brake(now, by, on=False, campaign=campaign))
        if campaign is not None:
            for case_id in self._parked.pop(campaign, set()) & self._kept.due.keys():
                self._kept.due[case_id] = self._kept.moment(now)
        return was

    async def paused(self) -> Paused:
        """Return what is paused."""
        if not self.pauses:
            return NOTHING_PAUSED
        campaigns: Mapping[str, Pause] = {name: pause for name, pause in self.pauses.items() if name is not None}
        return Paused(self.pauses.get(None), dict(sorted(campaigns.items())))

    async def park(self, campaign: str, case_ids: Sequence[str], now: datetime) -> bool:
        """Put cases of a paused campaign out of the sweep's way, and return whether it is still paused."""
        if campaign not in self.pauses:
            return False
        for case_id in case_ids:
            if case_id in self._kept.due:
                self._kept.due[case_id] = self._kept.moment(now + PARKED_FOR)
            self._kept.late.pop(case_id, None)
            self._parked.setdefault(campaign, set()).add(case_id)
        return True

    async def opened(self, now: datetime) -> dict[int, int]:
        """Return how many cases were opened, by the hour, none in the hours of the breaker's alarms."""
        found, oldest = dict(self._kept.opened), oldest_remembered(now)
        for hour in found:
            if hour < oldest:
                del self._kept.opened[hour]
        return without_alarms(found, self._alarms) if self._alarms else found


class MemoryHolds:
    """What `dunning.store.holds.Holds` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.on: dict[str, Hold] = {}
        self._met_at: dict[str, datetime] = {}
        self.probe = PassingKeys[str](kept.clock)

    async def raise_(self, error: OperatorMustActError, now: datetime) -> bool:
        """Put a hold on, and return whether it is new."""
        now, was = self._kept.moment(now), self.on.get(error.hold)
        self.on[error.hold] = Hold(error.hold, was.since if was else now, str(error), error.about)
        self._met_at[error.hold] = now
        if was is None:
            self._kept.tell(of_brake(now, Brake.HOLD, on=True, hold=error.hold))
        self.probe.add("probe", PROBE_EVERY)
        return was is None

    async def release(
        self, *words: str, began_at: datetime, shows: Iterable[str] = (), now: datetime | None = None
    ) -> list[str]:
        """Take these holds off, as far as what works shows them mended. Returns those that were taken off."""
        at = now or began_at
        shown, began_at = set(shows), self._kept.moment(began_at)
        released = [
            word
            for word in dict.fromkeys(words)
            if word in self.on
            and self._met_at[word] <= began_at
            and (shown == set(EVERYTHING) or set(self.on[word].about.split()) <= shown)
        ]
        for word in released:
            del self.on[word]
            self._kept.tell(of_brake(at, Brake.HOLD, on=False, hold=word))
        if released:
            self.probe.pop("probe")
        return released

    async def look_again(self) -> None:
        """Let another case find out whether it was mended."""
        self.probe.pop("probe")

    async def all(self) -> list[Hold]:
        """Return the holds that are on."""
        return [self.on[word] for word in sorted(self.on)]


class MemoryLimiter:
    """What `dunning.store.limiter.RedisLimiter` is to Redis."""

    def __init__(self, kept: Kept, limit: int) -> None:
        self._kept = kept
        self._limit = limit
        self._serial = count()
        self._log: dict[str, datetime] = {}
        self.on_hold = PassingKeys[str](kept.clock)

    async def ask(self, count: int, *, background: bool) -> list[Grant] | None:
        """Reserve `count` grants at once, or none at all when there is no room."""
        budget = background_budget(self._limit) if background else self._limit
        if "api" in self.on_hold or self.used() + count > budget:
            return None
        return [Grant(grant_id) for grant_id in self.reserve(count)]

    async def begin(self, grant: Grant) -> bool:
        """Tell that the call is made now. False: it was made already, the grant has lapsed, or a hold is on."""
        until = self._log.get(grant.id)
        if "api" in self.on_hold or until is None or until <= self._kept.clock():
            return False
        self._log[f"{grant.id}:used"] = self._kept.clock() + CALL + WINDOW
        del self._log[grant.id]
        return True

    async def end(self, grant: Grant) -> None:
        """Tell that the call is over."""
        if f"{grant.id}:used" in self._log:
            self._log[f"{grant.id}:used"] = self._kept.clock() + WINDOW

    async def hold(self, seconds: float) -> None:
        """Stop everybody for `seconds`. A longer hold that is on already stays."""
        span = timedelta(milliseconds=max(1, round(seconds * 1000)))
        if span > self.on_hold.left("api"):
            self.on_hold.add("api", span)

    async def give_back(self, grants: Sequence[Grant]) -> None:
        """Return grants that no call was made with."""
        for grant in grants:
            self._log.pop(grant.id, None)

    def used(self) -> int:
        """Return how many calls count now."""
        now = self._kept.clock()
        self._log = {grant_id: until for grant_id, until in self._log.items() if until > now}
        return len(self._log)

    def ends(self, within: timedelta) -> bool:
        """Tell whether a call that counts now won't any more within this time."""
        now = self._kept.clock()
        return any(now < until <= now + within for until in self._log.values())

    def reserve(self, count: int) -> list[str]:
        """Reserve so many calls, and return the ids of their grants."""
        made = [f"grant-{next(self._serial)}" for _ in range(count)]
        self._log.update(dict.fromkeys(made, self._kept.clock() + WINDOW))
        return made


class MemoryDueIndex:
    """What `dunning.store.due.DueIndex` is to Redis."""

    def __init__(
        self, kept: Kept, limit: int, brakes: MemoryBrakes, holds: MemoryHolds, limiter: MemoryLimiter
    ) -> None:
        self._kept = kept
        self._budget = background_budget(limit)
        self._brakes = brakes
        self._holds = holds
        self._limiter = limiter

    async def sweep(self, now: datetime, *, calls_per_case: int, most_opened: int | None = None) -> Sweep:
        """Hand what is due to the workers, as much as one job carries, with the API calls it takes reserved."""
        if most_opened is not None and (opened := self._kept.opened[hour_of(now)]) > most_opened and self._trips():
            why = f"{BY_BREAKER}{opened} new cases in an hour, and at most {most_opened} were to be expected"
            self._brakes.pauses[None] = Pause(self._kept.moment(now), why)
            self._kept.tell(of_brake(now, Brake.BREAKER, on=True))
            return Sweep(0, "breaker", opened)
        most = BATCH if calls_per_case else min(MOST_STEPS, BATCH * max(1, self._budget - 1))
        first = sorted([(at, case_id) for case_id, at in self._kept.due.items() if at <= now])[:most]
        if (in_the_way := self._in_the_way(due=bool(first))) is not None:
            return Sweep(0, in_the_way)
        if self._holds.on:
            del first[1:]
        room = self._budget - self._limiter.used()
        too_large = self._calls_of(len(first), calls_per_case) > room
        if too_large and not calls_per_case and self._limiter.ends(MORE_ROOM_WITHIN):
            return Sweep(0, "no_grants")
        while first and self._calls_of(len(first), calls_per_case) > room:
            first.pop()
        if not first:
            return Sweep(0, "no_grants")
        case_ids = [case_id for _, case_id in first]
        for at, case_id in first:
            self._kept.late.setdefault(case_id, at)
            self._kept.due[case_id] = self._kept.moment(now + LEASE)
        if self._holds.on:
            self._holds.probe.add("probe", PROBE_EVERY)
        grant_ids = self._limiter.reserve(self._calls_of(len(case_ids), calls_per_case))
        self._kept.batches_queued.append(Batch(case_ids, grant_ids))
        return Sweep(len(case_ids), "")

    def _calls_of(self, cases: int, calls_per_case: int) -> int:
        return min(1, self._budget - 1) + -(-cases // BATCH) + calls_per_case * cases

    def _trips(self) -> bool:
        pause = self._brakes.pauses.get(None)
        return "breaker" not in self._brakes.released and (pause is None or not pause.is_breakers)

    def _in_the_way(self, *, due: bool) -> str | None:
        if self._brakes.pauses.get(None) is not None:
            return "paused"
        if not due:
            return "nothing_due"
        if "api" in self._limiter.on_hold:
            return "api_hold"
        return "held" if self._holds.on and "probe" in self._holds.probe else None

    async def next_up(self, first: int, count: int) -> list[tuple[str, datetime]]:
        """Return so many cases, those that come after the `first` ones, with when each is looked at next."""
        return [(case_id, at) for at, case_id in self._sorted()[first : first + count]]

    async def when(self, case_ids: Sequence[str]) -> list[datetime | None]:
        """Return when each of these is looked at next; None for one that is over."""
        return [self._kept.due.get(case_id) for case_id in case_ids]

    async def late_since(self, case_ids: Sequence[str]) -> list[datetime | None]:
        """Return since when a step of each of these is late; None where none is."""
        return [self._kept.late.get(case_id) for case_id in case_ids]

    async def put_back(self, case_ids: list[str], at: datetime, *, on_time: bool = False) -> None:
        """Have these looked at again at `at`. A case that is over stays over."""
        for case_id in case_ids:
            if case_id in self._kept.due:
                self._kept.due[case_id] = self._kept.moment(at)
            if on_time:
                self._kept.late.pop(case_id, None)

    async def forget(self, case_id: str, revision: int) -> None:
        """Look at this no more, unless it was written since it was read with this revision."""
        found = self._kept.find(case_id)
        if (found.revision if found is not None else 0) == revision:
            self._kept.due.pop(case_id, None)
            self._kept.late.pop(case_id, None)

    def _sorted(self) -> list[tuple[datetime, str]]:
        return sorted((at, case_id) for case_id, at in self._kept.due.items())
