"""How things stand: open cases by step and class, what is due and late, the last day, and what is in the way."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.casebook.campaigns import Campaigns
from dunning.casebook.case_page import CHUNK, listed_cases
from dunning.casebook.find import CaseQuery
from dunning.casebook.step_rows import next_to_come
from dunning.rules.breaker import hour_of
from dunning.rules.case import CaseState
from dunning.store import Hold, Paused, Store

# Enough for a picture, and read in a second or two.
LOOKED_AT = 20_000
A_DAY = timedelta(hours=24)
NO_STEP_LEFT = "none left"


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand. `by_step` counts those `looked_at` of the open cases, those that are due first."""

    at: datetime
    open_cases: int
    looked_at: int
    by_step: Mapping[tuple[str, str, str], int]
    """How many cases, by campaign, next step and decline class."""
    held_out: int
    """How many of these are left unmailed, by `hold_out` of their campaign."""
    due: int
    late: int
    opened: int
    """Cases opened in the last 24 clock hours, without those that reconciling found."""
    ended: Mapping[str, int]
    """Cases that ended in the last 24 hours, by how: of the latest 20,000."""
    gauges: Mapping[str, float]
    api_hold_seconds: float
    holds: Sequence[Hold]
    paused: Paused


async def read_status(store: Store, campaigns: Campaigns, now: datetime, most: int = LOOKED_AT) -> Status:
    """Read how things stand. At most so many open cases, and so many that ended, are looked at."""
    by_step: Counter[tuple[str, str, str]] = Counter()
    looked_at = held_out = 0
    async for one in listed_cases(store, campaigns, CaseQuery(), now, most):
        if one.case is not None:
            coming = next_to_come(one.steps)
            by_step[one.case.campaign, coming.step if coming else NO_STEP_LEFT, one.case.decline_class] += 1
            held_out += one.case.held_out
        looked_at += 1
    gauges = (await store.health.snapshot(now)).gauges
    hours = range(hour_of(now) - 23, hour_of(now) + 1)
    opened = await store.brakes.opened_by_hour()
    return Status(
        at=now,
        open_cases=int(gauges["open_cases"]),
        looked_at=looked_at,
        by_step=by_step,
        held_out=held_out,
        due=await store.due.count_due(now),
        late=await store.due.count_late(),
        opened=sum(opened.get(hour, 0) for hour in hours),
        ended=await _ended(store, now - A_DAY, most),
        gauges=gauges,
        api_hold_seconds=await store.limiter.hold_left(),
        holds=await store.holds.all(),
        paused=await store.brakes.paused(),
    )


async def _ended(store: Store, since: datetime, most: int) -> Counter[str]:
    """Count the cases that ended since then, by how."""
    found: Counter[str] = Counter({state.value: 0 for state in CaseState if state is not CaseState.OPEN})
    first = 0
    while first < most and (chunk := await store.ended.newest(first, CHUNK, since)):
        for read in await store.cases.read_versioned(chunk):
            if read.case is not None and read.case.ended_at is not None and read.case.ended_at >= since:
                found[read.case.state.value] += 1
        first += len(chunk)
    return found
