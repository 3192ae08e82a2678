"""Taking in the events that no webhook brought: read from Paddle since the last time, with an hour's overlap."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import structlog

from dunning.alerts import Alert
from dunning.paddle.events import Event, EventType, TransactionFacts
from dunning.paddle.intake import Accept, Bury, Refused, decide_listed
from dunning.paddle_api.client import CallRefusedError
from dunning.rules.healing import SETTLED_AFTER, Cursor, most_unasked
from dunning.rules.triggers import triggered_by
from dunning.store import Accepted
from worker.reconcile.forgotten import of_forgotten
from worker.reconcile.reconciler import Reconciler

log = structlog.get_logger()

MISSED = "reconcile_missed_events"
# How Paddle answers if it has forgotten the event that the cursor names, or never had it.
CURSOR_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
FAILURES = frozenset({EventType.TRANSACTION_PAYMENT_FAILED, EventType.TRANSACTION_PAST_DUE})


@dataclass(slots=True)
class Missed:
    """How many events were new to us, and their transactions, whose cases are about to be opened.

    `opening` holds those transactions whose failure was handed in. `withheld` says that there were more failures than
    a run may open cases for unasked. Those are left to the run over debts, which finds them anyway and shows them.
    """

    events: int = 0
    transaction_ids: set[str] = field(default_factory=set)
    opening: set[str] = field(default_factory=set)
    withheld: bool = False


async def take_in_missed_events(
    reconciler: Reconciler, *, dry_run: bool = False, asked_to: bool = False, missed: Missed | None = None
) -> Missed:
    """Read on where the last run stopped and hand in what is new to us. With `dry_run` only count it.

    Unless `asked_to`, it opens no more cases than `most_unasked`. A caller who gives `missed` can read there what was
    done, even if the run breaks off.

    The first run begins at the newest event, and so does a run after Paddle forgot where the last one stopped. What is
    owed from before is found by the run over debts.
    """
    missed = Missed() if missed is None else missed
    cursor = await reconciler.store.reconciling.cursor()
    if cursor is None:
        await _begin_anew(reconciler, dry_run=dry_run)
        return missed
    most = None if asked_to else most_unasked(reconciler.breaker)
    try:
        await _read_on(reconciler, Cursor(cursor, reconciler.clock()), missed, most, dry_run=dry_run)
    except CallRefusedError as error:
        if error.status not in CURSOR_REFUSED:
            raise
    else:
        return missed
    log.warning("reconcile.events_forgotten", cursor=cursor)
    await _begin_anew(reconciler, dry_run=dry_run)
    return missed


async def _begin_anew(reconciler: Reconciler, *, dry_run: bool) -> None:
    newest = await reconciler.paddle.newest_event(reconciler.next_grant)
    if newest is None or dry_run:
        return
    decision = decide_listed(newest)
    if isinstance(decision, Refused):
        log.warning("reconcile.not_an_event", problem=decision.reason)
    else:
        await reconciler.store.reconciling.keep_cursor(decision.envelope.event_id)


async def _read_on(reconciler: Reconciler, cursor: Cursor, missed: Missed, most: int | None, *, dry_run: bool) -> None:
    """Hand events in page by page, and keep the cursor after each, so that a run that breaks off has made progress.

    So up to `most` cases may be opened before the run finds that there are more. From then on it opens none, and the
    cursor still moves on: the run over debts finds what is still owed.
    """
    read, kept = 0, cursor.event_id
    async for page in reconciler.paddle.events_after(cursor.event_id, reconciler.next_grant):
        read += len(page)
        reconciler.tell("events", read, None)
        events = await _read(reconciler, page, cursor, dry_run=dry_run)
        new = await reconciler.store.reconciling.unheard_of(events)
        if new:
            gone = await of_forgotten(reconciler, new)
            new = [event for event in new if event.facts.id not in gone]
        await _take(reconciler, await withhold(reconciler, new, missed, most), missed, dry_run=dry_run)
        if not dry_run and cursor.event_id != kept:
            kept = cursor.event_id
            await reconciler.store.reconciling.keep_cursor(kept)


async def withhold(
    reconciler: Reconciler, events: Sequence[Event], missed: Missed, most: int | None
) -> Sequence[Event]:
    """Return the events without those that would open more cases than `most` in this run."""
    opens = await _opened_by(reconciler, events)
    opening = missed.opening | set(opens.values())
    if most is None or (not missed.withheld and len(opening) <= most):
        missed.opening = opening
        return events
    held = {event_id for event_id, transaction_id in opens.items() if transaction_id not in missed.opening}
    if held and not missed.withheld:
        missed.withheld = True
        log.warning("reconcile.events_withheld", most=most)
    return [event for event in events if event.id not in held]


async def _opened_by(reconciler: Reconciler, events: Sequence[Event]) -> dict[str, str]:
    """Return those of the events that would open a case, each with its transaction."""
    failures = [
        event
        for event in events
        if event.type in FAILURES and isinstance(event.facts, TransactionFacts) and triggered_by(event.facts)[0]
    ]
    cases = await reconciler.store.cases.read_versioned([event.facts.id for event in failures]) if failures else []
    return {event.id: event.facts.id for event, case in zip(failures, cases, strict=True) if case.revision == 0}


async def _take(reconciler: Reconciler, events: Sequence[Event], missed: Missed, *, dry_run: bool) -> None:
    taken = await reconciler.store.reconciling.of_use(events) if dry_run else await _hand_in(reconciler, events)
    missed.events += len(taken)
    missed.transaction_ids |= {event.facts.id for event in taken if isinstance(event.facts, TransactionFacts)}


async def _read(reconciler: Reconciler, page: Sequence[bytes], cursor: Cursor, *, dry_run: bool) -> list[Event]:
    """Return the events of a page that concern us. Malformed ones are buried, as those of webhooks are."""
    now = reconciler.clock()
    events = []
    for body in page:
        decision = decide_listed(body)
        if isinstance(decision, Refused):
            log.warning("reconcile.not_an_event", problem=decision.reason)
            continue
        cursor.saw(decision.envelope.event_id, min(decision.occurred_at, now))
        if decision.occurred_at > now - SETTLED_AFTER:  # its webhook may be under way
            continue
        if isinstance(decision, Accept):
            events.append(decision.event)
        elif isinstance(decision, Bury) and not dry_run:
            await bury(reconciler, decision, now)
    return events


async def _hand_in(reconciler: Reconciler, events: Sequence[Event]) -> list[Event]:
    """Put events into the inbox, as webhooks do, and return those that were accepted."""
    now = reconciler.clock()
    outcomes = await asyncio.gather(*(reconciler.store.inbox.accept(event, now) for event in events))
    taken = [event for event, outcome in zip(events, outcomes, strict=True) if outcome is Accepted.ACCEPTED]
    for event in taken:
        log.info("reconcile.missed_event", event_id=event.id, event_type=event.type, entity_id=event.facts.id)
    if taken:
        log.warning("reconcile.missed_events", events=len(taken))
        await reconciler.store.counters.add(MISSED, len(taken))
    return taken


async def bury(reconciler: Reconciler, bury: Bury, now: datetime) -> None:
    """Keep a malformed event as dead, and tell."""
    buried = await reconciler.store.inbox.bury(bury, now)
    if buried is Accepted.ACCEPTED:
        log.error(Alert.RECONCILE_BURIED, event_id=bury.event_id, event_type=bury.label, reason=bury.reason)
