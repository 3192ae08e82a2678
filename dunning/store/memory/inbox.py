"""The inbox in memory: events are taken in as accept.lua does it."""

from collections.abc import Sequence
from datetime import datetime

from dunning.instants import to_milliseconds
from dunning.paddle.events import AdjustmentFacts, Event, SubscriptionFacts, TransactionFacts, shows_failed_attempt
from dunning.paddle.intake import Bury
from dunning.rules.case import CaseState
from dunning.store import keys
from dunning.store.accepting import ENDS
from dunning.store.inbox import HANDLE_WITHIN, REDRIVE_AT_MOST, Accepted
from dunning.store.memory.kept import Kept, Mark
from dunning.store.traces import DeadEvent, Trace


class MemoryInbox:
    """What `dunning.store.inbox.Inbox` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def accept(self, event: Event, now: datetime) -> Accepted:
        """Note the event and queue its job. After this returns, it will be handled."""
        kept = self._kept
        if isinstance(event.facts, AdjustmentFacts) and not event.facts.is_charge_back:
            return Accepted.NOT_KEPT
        if event.id in kept.inbox or event.id in kept.handled:
            return Accepted.DUPLICATE
        was_dead = kept.dead.pop(event.id) is not None
        if not was_dead and event.type in ENDS and not self._ends_something(event):
            return Accepted.NOT_KEPT
        kept.inbox[event.id] = event
        kept.waits_since[event.id] = kept.moment(now)
        if not kept.is_queued(event.id):
            kept.events_queued.append(event.id)
        return Accepted.REQUEUED if was_dead else Accepted.ACCEPTED

    async def bury(self, bury: Bury, now: datetime) -> Accepted:
        """Keep an event as dead that is not shaped as its type says."""
        kept = self._kept
        if bury.event_id in kept.inbox or bury.event_id in kept.handled or bury.event_id in kept.dead:
            return Accepted.DUPLICATE
        about = next(iter(bury.about), None)
        dead = DeadEvent(bury.event_id, kept.moment(now), bury.reason, bury.label, about=about)
        kept.dead.put(bury.event_id, dead, keys.KEEP_EVENT)
        return Accepted.ACCEPTED

    async def give_up(self, event_id: str, reason: str, now: datetime) -> bool:
        """Keep an event as dead whose handling failed for good, and return whether it was still to be handled."""
        event = self._kept.inbox.pop(event_id, None)
        self._kept.waits_since.pop(event_id, None)
        if event is None:
            return False
        dead = DeadEvent(event_id, self._kept.moment(now), reason, event.type.value, event.without_total())
        self._kept.dead.put(event_id, dead, keys.KEEP_EVENT)
        return True

    async def read(self, event_id: str) -> Event | None:
        """Return the event if it is still to be handled."""
        return self._kept.inbox.get(event_id)

    async def mark_handled(self, event_id: str, traced: tuple[str, Trace] | None = None) -> None:
        """Note that the event changed nothing and need not be looked at again."""
        if traced is not None:
            transaction_id, trace = traced
            trace = Trace.from_rest(trace.at_rest())
            known = self._kept.traces.get(transaction_id) or []
            self._kept.traces.put(transaction_id, [*known, trace][-keys.TRACED :], keys.KEEP_TRACE)
        self._kept.handle(event_id)

    async def redrive(self, now: datetime) -> int:
        """Queue again what was not handled in time and has lost its job, and return how many that were."""
        kept, before = self._kept, self._kept.moment(now - HANDLE_WITHIN)
        waiting = sorted((since, event_id) for event_id, since in kept.waits_since.items() if since <= before)
        lost = [event_id for _, event_id in waiting if not kept.is_queued(event_id)][:REDRIVE_AT_MOST]
        kept.waits_since.update(dict.fromkeys(lost, kept.moment(now)))
        kept.events_alone.extend(lost)
        return len(lost)

    async def drive_alone(self, event_ids: Sequence[str], now: datetime) -> None:
        """Queue each of these by itself, if it is still to be handled. One that is so already keeps its place."""
        kept = self._kept
        waiting = [event_id for event_id in event_ids if event_id in kept.inbox]
        kept.waits_since.update(dict.fromkeys(waiting, kept.moment(now)))
        kept.events_alone.extend(event_id for event_id in waiting if event_id not in kept.events_alone)

    def _ends_something(self, event: Event) -> bool:
        """Leave a mark where an end comes before its beginning, and tell whether there is something to end."""
        kept, facts = self._kept, event.facts
        since = to_milliseconds(event.occurred_at)
        if isinstance(facts, TransactionFacts):
            found = kept.find(facts.id)
            marked, marks = facts.id, found is None and shows_failed_attempt(facts)
            touches = found is not None and found.case.state is not CaseState.RECOVERED
        else:
            marked = facts.id if isinstance(facts, SubscriptionFacts) else facts.subscription_id or facts.id
            old = kept.marks.get(marked)
            marks = old is None or old.since < since
            touches = bool(kept.of_customer.get(facts.customer_id)) or bool(kept.stopped.of(marked))
        if marks:
            kept.marks.put(marked, Mark(ENDS[event.type], since), keys.KEEP_MARK)
        return touches
