"""Reading cases, with all that belongs to them, out of the store."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from cli.cases.steps import StepRow, step_rows
from dunning.campaign import Campaign
from dunning.case import Case
from dunning.store import DeadEvent, Hold, Paused, Store, StoryLine
from worker.campaigns import Campaigns

# A trip to Redis for so many cases.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which open cases are asked for; None asks for nothing."""

    campaign: str | None = None
    subscription: str | None = None
    customer: str | None = None

    def takes(self, case: Case) -> bool:
        """Tell whether the case is one of them."""
        return (
            self.campaign in {None, case.campaign}
            and self.subscription in {None, case.subscription_id}
            and self.customer in {None, case.customer_id}
        )


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case: `case` is None where this version of us can't read it."""

    id: str
    looked_at: datetime | None
    case: Case | None
    steps: Sequence[StepRow]


@dataclass(frozen=True, slots=True)
class Told:
    """Everything there is to tell of one case."""

    id: str
    case: Case | None
    campaign: Campaign | None
    steps: Sequence[StepRow]
    story: Sequence[StoryLine]
    dead: Sequence[DeadEvent]
    looked_at: datetime | None
    paused: Paused
    holds: Sequence[Hold]


async def open_cases(store: Store, campaigns: Campaigns, wanted: Wanted) -> AsyncIterator[OpenCase]:
    """Give the open cases that are wanted, by when they are looked at next."""
    seen: set[str] = set()
    async for chunk in _chunks(store, wanted):
        # While we read, the sweep moves cases about: one that comes by twice is told once.
        fresh = [(case_id, at) for case_id, at in chunk if case_id not in seen]
        seen.update(case_id for case_id, _ in fresh)
        versions = await store.cases.read_versioned([case_id for case_id, _ in fresh]) if fresh else []
        for (case_id, at), read in zip(fresh, versions, strict=True):
            if read.unreadable and wanted == Wanted():
                yield OpenCase(case_id, at, None, [])
            if read.case is not None and read.case.is_open and wanted.takes(read.case):
                yield OpenCase(case_id, at, read.case, step_rows(read.case, await campaigns.of(read.case)))


async def _chunks(store: Store, wanted: Wanted) -> AsyncIterator[list[tuple[str, datetime]]]:
    if wanted.customer is not None:
        ids = await store.cases.open_of_customer(wanted.customer)
        whens = zip(ids, await store.due.when(ids), strict=True)
        yield sorted([(case_id, at) for case_id, at in whens if at is not None], key=lambda one: one[1])
        return
    first = 0
    while chunk := await store.due.next_up(first, CHUNK):
        yield chunk
        first += len(chunk)


async def tell(store: Store, campaigns: Campaigns, case_id: str) -> Told:
    """Return everything there is to tell of a case.

    Raises:
        ClickException: there is no such case; it says so if its end is known all the same.
    """
    (read,) = await store.cases.read_versioned([case_id])
    if read.case is None and not read.unreadable:
        raise click.ClickException(await no_such_case(store, case_id))
    case, story = read.case, await store.cases.story(case_id)
    campaign = None if case is None else await campaigns.of(case)
    (looked_at,) = await store.due.when([case_id])
    return Told(
        id=case_id,
        case=case,
        campaign=campaign,
        steps=[] if case is None or campaign is None else step_rows(case, campaign, story),
        story=story,
        dead=await store.traces.dead_events([case_id, *([case.subscription_id] if case else [])]),
        looked_at=looked_at,
        paused=await store.brakes.paused(),
        holds=await store.holds.all(),
    )


async def no_such_case(store: Store, case_id: str) -> str:
    """Say that there is no such case, and what else is known of it."""
    sentences = [f"There is no case {case_id}."]
    mark = await store.traces.mark(case_id)
    if mark is not None:
        sentences.append(f"It ended before one was opened: {mark.state}, {mark.at:%Y-%m-%d %H:%M:%S} UTC.")
    elif not case_id.startswith("txn_"):
        sentences.append("A case has the id of its transaction, txn_...; `dunning cases list` finds it by other ids.")
    else:
        sentences.append("It was never opened, or it ended more than 90 days ago.")
    dead_events = await store.traces.dead_events([case_id])
    return " ".join(
        [*sentences, *(f"Event {dead.event_id} could not be handled: {dead.reason}" for dead in dead_events)]
    )
