"""Reconciling debts: what is past due at Paddle and has no case gets one, and cases whose debt is gone are closed."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from dunning.errors import MalformedEventError
from dunning.jobs import BATCH
from dunning.paddle.events import Event, TransactionFacts
from dunning.rules.healing import MAX_AGE, Plan, closing_event, debt_event, most_unasked, plan
from dunning.rules.on_event import first_failed_at
from dunning.store import Accepted, DebtWithoutCase
from worker.reconcile.forgotten import of_forgotten
from worker.reconcile.reconciler import Reconciler

log = structlog.get_logger()

OPENED, CLOSED = "reconcile_opened", "reconcile_closed"
ENDED = "ended_already"
# How many events are put into the inbox at once. It sends 50 of them to Redis at a time.
AT_ONCE = 200

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found: cases to open, events that close others, and how many are as they should be."""

    plan: Plan
    closings: Sequence[Event]
    unchanged: int
    malformed: int


@dataclass(frozen=True, slots=True)
class Healed:
    """What a run did. `waiting` debts get no case before the operator says so."""

    opened: int = 0
    closed: int = 0
    waiting: int = 0


@dataclass(slots=True)
class _Debts:
    without_case: list[Event] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    ended: int = 0
    malformed: int = 0


async def find(
    reconciler: Reconciler,
    *,
    max_age: timedelta = MAX_AGE,
    spread: timedelta | None = None,
    opening: Collection[str] = frozenset(),
) -> Findings:
    """Compare what is past due at Paddle with our cases. Changes nothing.

    Args:
        reconciler: what to use.
        max_age: debts that failed longer ago are left alone.
        spread: over how long to spread the mails that are due at once; None to let their number decide.
        opening: debts whose cases are being opened already.
    """
    debts = await _read_debts(reconciler, opening)
    # In a thread: 20,000 debts take some seconds, and the sweep goes on beside it.
    planned = await reconciler.in_thread(
        plan, debts.without_case, reconciler.campaigns, reconciler.clock(), max_age=max_age, spread=spread
    )
    planned = replace(planned, left=planned.left + Counter({ENDED: debts.ended}))
    closings, still_open = await _find_closings(reconciler, debts.ids)
    unchanged = len(debts.ids) - len(debts.without_case) - debts.ended + still_open
    return Findings(planned, closings, unchanged, debts.malformed)


async def carry_out(reconciler: Reconciler, findings: Findings, *, asked_to: bool) -> Healed:
    """Close and open what was found. Unless `asked_to`, open nothing if more than `most_unasked` are to be opened."""
    closed = await _hand_in(reconciler, findings.closings, "closing")
    openings = [opening.event for opening in findings.plan.openings]
    most = most_unasked(reconciler.breaker)
    held = not asked_to and most is not None and len(openings) > most
    opened = 0 if held else await _hand_in(reconciler, openings, "opening")
    waiting = len(openings) if held else 0
    await reconciler.store.reconciling.wait_for_operator(waiting)
    for name, count in ((OPENED, opened), (CLOSED, closed)):
        if count:
            await reconciler.store.counters.add(name, count)
    return Healed(opened, closed, waiting)


async def _read_debts(reconciler: Reconciler, opening: Collection[str]) -> _Debts:
    """Read what is past due. Keep the whole event of debts without a case, and only the id of all others."""
    subscription_ids: list[str] = []
    async for subscriptions in reconciler.paddle.past_due_subscriptions(reconciler.next_grant):
        subscription_ids += [subscription.id for subscription in subscriptions]
        reconciler.tell("past-due subscriptions", len(subscription_ids), None)
    debts = _Debts()
    for done, some in enumerate(_batches(subscription_ids, BATCH)):
        reconciler.tell("their debts", done * BATCH, len(subscription_ids))
        read_at = reconciler.clock()
        async for renewals in reconciler.paddle.past_due_renewals(some, reconciler.next_grant):
            found = [event for renewal in renewals if (event := _debt(renewal, read_at))]
            debts.malformed += len(renewals) - len(found)
            await _split_by_case(reconciler, found, opening, debts)
    return debts


def _debt(renewal: bytes, read_at: datetime) -> Event | None:
    try:
        return debt_event(renewal, read_at)
    except MalformedEventError as error:
        log.warning("reconcile.debt_malformed", reason=str(error))
        return None


async def _split_by_case(
    reconciler: Reconciler, found: Sequence[Event], opening: Collection[str], debts: _Debts
) -> None:
    ids = [event.facts.id for event in found]
    cases = await reconciler.store.cases.read_versioned(ids) if ids else []
    without_case = [
        event for event, case in zip(found, cases, strict=True) if case.revision == 0 and event.facts.id not in opening
    ]
    # For a debt that has ended, no case would be opened. If it were counted as one, it would be found again every day.
    ended = await reconciler.store.reconciling.ended(
        [debt for event in without_case if (debt := _as_debt_without_case(event))]
    )
    ended |= await of_forgotten(reconciler, without_case)
    debts.ids.update(ids)
    debts.ended += len(ended)
    debts.without_case += [event for event in without_case if event.facts.id not in ended]


def _as_debt_without_case(event: Event) -> DebtWithoutCase | None:
    facts = event.facts
    if not isinstance(facts, TransactionFacts) or facts.subscription_id is None:
        return None
    failed_at = first_failed_at(facts)
    return None if failed_at is None else DebtWithoutCase(facts.id, facts.subscription_id, failed_at)


async def _find_closings(reconciler: Reconciler, owed: Collection[str]) -> tuple[list[Event], int]:
    """Look at open cases whose debt is not among those that are past due. Also returns how many cases stay open."""
    closings: list[Event] = []
    looked_at = still_open = 0
    async for case_ids in reconciler.store.reconciling.open_cases():
        for some in _batches([case_id for case_id in case_ids if case_id not in owed], BATCH):
            looked_at += len(some)
            reconciler.tell("open cases", looked_at, None)
            read_at = reconciler.clock()
            live = await reconciler.paddle.reread_transactions(some, reconciler.next_grant)
            for read in await reconciler.store.cases.read_versioned(some):
                if read.case is None or not read.case.is_open:
                    continue
                closing = closing_event(read.case, live.get(read.case.id), read_at)
                if closing is None:
                    still_open += 1
                else:
                    closings.append(closing)
    return closings, still_open


async def _hand_in(reconciler: Reconciler, events: Sequence[Event], doing: str) -> int:
    """Put our own events into the inbox, as webhooks do, and return how many will change something."""
    outcomes = Counter[Accepted]()
    for done, some in enumerate(_batches(events, AT_ONCE)):
        reconciler.tell(doing, done * AT_ONCE, len(events))
        now = reconciler.clock()
        outcomes.update(await asyncio.gather(*(reconciler.store.inbox.accept(event, now) for event in some)))
    return outcomes[Accepted.ACCEPTED] + outcomes[Accepted.REQUEUED]


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
