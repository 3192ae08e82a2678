"""Taking in the events that no webhook brought: read from Paddle since the last time, with an hour's overlap."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

import structlog

from dunning.errors import MalformedEventError, NotAnEventError
from dunning.events import (
    USED,
    Envelope,
    Event,
    EventType,
    TransactionFacts,
    burial_id,
    is_simulated,
    parse_envelope,
)
from dunning.healing import SETTLED_AFTER, Cursor, most_unasked
from dunning.paddle import CallRefusedError
from dunning.projection import project
from dunning.store import Accepted
from dunning.triggers import triggered_by
from worker.reconcile import Reconciler

log = structlog.get_logger()

MISSED = "reconcile_missed_events"
FAILURES = frozenset({EventType.TRANSACTION_PAYMENT_FAILED, EventType.TRANSACTION_PAST_DUE})


@dataclass(slots=True)
class Missed:
    """How many events were new to us, and the transactions they are of: their cases are about to be opened.

    `withheld` says that these would have opened more cases than a run may unasked. They are left to the debts, which
    are found and shown whatever opened them.
    """

    events: int = 0
    transaction_ids: set[str] = field(default_factory=set)
    withheld: bool = False


async def take_in_missed_events(reconciler: Reconciler, *, dry_run: bool = False, asked_to: bool = False) -> Missed:
    """Read on where the last run stopped and hand in what is new to us. With `dry_run` only count it.

    Without having been `asked_to`, no more cases are opened than the breaker's floor: else none.

    The first run, and one that comes after Paddle forgot where the last one stopped, begins at the newest event: what
    is owed from before is found as a debt.
    """
    cursor = await reconciler.store.reconciling.cursor()
    if cursor is None:
        await _begin_anew(reconciler, dry_run=dry_run)
        return Missed()
    try:
        return await _read_on(reconciler, Cursor(cursor), dry_run=dry_run, asked_to=asked_to)
    except CallRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    log.warning("reconcile.events_forgotten", cursor=cursor)
    await _begin_anew(reconciler, dry_run=dry_run)
    return Missed()


async def _begin_anew(reconciler: Reconciler, *, dry_run: bool) -> None:
    newest = await reconciler.paddle.newest_event(reconciler.next_grant)
    if newest is None or dry_run:
        return
    try:
        await reconciler.store.reconciling.keep_cursor(parse_envelope(newest).event_id)
    except NotAnEventError as error:
        log.warning("reconcile.not_an_event", problem=str(error))


async def _read_on(reconciler: Reconciler, cursor: Cursor, *, dry_run: bool, asked_to: bool) -> Missed:
    most = None if asked_to else most_unasked(reconciler.breaker)
    missed = Missed()
    openings: dict[str, list[Event]] = {}
    read = 0
    async for page in reconciler.paddle.events_after(cursor.event_id, reconciler.next_grant):
        read += len(page)
        reconciler.tell("events", read, None)
        events = await _read(reconciler, page, cursor, dry_run=dry_run)
        new = await reconciler.store.reconciling.unheard_of(events)
        others = await _set_aside(reconciler, new, openings)
        await _take(reconciler, others, missed, dry_run=dry_run)
        if most is not None and len(openings) > most:
            missed.withheld = True
            openings.clear()
    if missed.withheld:
        log.warning("reconcile.events_withheld", most=most)
    else:
        await _take(reconciler, [event for events in openings.values() for event in events], missed, dry_run=dry_run)
    if not dry_run:
        await reconciler.store.reconciling.keep_cursor(cursor.event_id)
    return missed


async def _set_aside(reconciler: Reconciler, events: Sequence[Event], openings: dict[str, list[Event]]) -> list[Event]:
    """Put what would open a case to the openings, by its transaction, and return the rest."""
    failures = [
        event
        for event in events
        if event.type in FAILURES and isinstance(event.facts, TransactionFacts) and triggered_by(event.facts)[0]
    ]
    cases = await reconciler.store.cases.read_versioned([event.facts.id for event in failures]) if failures else []
    opening = {event.id for event, case in zip(failures, cases, strict=True) if case.revision == 0}
    for event in failures:
        if event.id in opening:
            openings.setdefault(event.facts.id, []).append(event)
    return [event for event in events if event.id not in opening]


async def _take(reconciler: Reconciler, events: Sequence[Event], missed: Missed, *, dry_run: bool) -> None:
    taken = await reconciler.store.reconciling.of_use(events) if dry_run else await _hand_in(reconciler, events)
    missed.events += len(taken)
    missed.transaction_ids |= {event.facts.id for event in taken if isinstance(event.facts, TransactionFacts)}


async def _read(reconciler: Reconciler, page: Sequence[bytes], cursor: Cursor, *, dry_run: bool) -> list[Event]:
    """Return the events of a page that are ours to look at. Malformed ones are buried, as those of webhooks are."""
    now = reconciler.clock()
    events = []
    for body in page:
        try:
            envelope = parse_envelope(body)
        except NotAnEventError as error:
            log.warning("reconcile.not_an_event", problem=str(error))
            continue
        at = _aware(envelope.occurred_at)
        cursor.saw(envelope.event_id, min(at, now))
        if is_simulated(envelope) or envelope.event_type not in USED or at > now - SETTLED_AFTER:
            continue
        try:
            events.append(project(body, envelope))
        except MalformedEventError as error:
            if not dry_run:
                await _bury(reconciler, envelope, str(error), now)
    return events


async def _hand_in(reconciler: Reconciler, events: Sequence[Event]) -> list[Event]:
    """Hand events in where webhooks do, and return those that were kept."""
    now = reconciler.clock()
    outcomes = await asyncio.gather(*(reconciler.store.inbox.accept(event, now) for event in events))
    taken = [event for event, outcome in zip(events, outcomes, strict=True) if outcome is Accepted.ACCEPTED]
    for event in taken:
        log.info("reconcile.missed_event", event_id=event.id, event_type=event.type, entity_id=event.facts.id)
    if taken:
        log.warning("reconcile.missed_events", events=len(taken))
        await reconciler.store.counters.add(MISSED, len(taken))
    return taken


async def _bury(reconciler: Reconciler, envelope: Envelope, reason: str, now: datetime) -> None:
    event_id = burial_id(envelope)
    buried = await reconciler.store.inbox.bury(
        event_id,
        event_type=envelope.event_type,
        notification_id=None,
        occurred_at=_aware(envelope.occurred_at),
        reason=reason,
        now=now,
    )
    if buried is Accepted.ACCEPTED:
        log.error("reconcile.buried", event_id=event_id, event_type=envelope.event_type, reason=reason)


def _aware(at: datetime) -> datetime:
    """Return the time with an offset: having none may be what is wrong with an event, and Paddle's times are UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
