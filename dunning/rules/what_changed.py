"""What changed between two values of a case, as entries of its story and as counters."""

from dataclasses import replace

from dunning.paddle.events import Event
from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Entry, Kind, Moved


def entries_of_change(before: Case | None, after: Case) -> list[Entry]:
    """Return an entry for each delivery that moved, and one for the case's end."""
    entries = entries_of_moves(before, after)
    if not after.is_open and (before is None or before.is_open or before.state is not after.state):
        entries.append(Entry(kind=Kind.ENDED, state=after.state, reason=after.reason))
    return entries


def entries_of_moves(before: Case | None, after: Case) -> list[Entry]:
    """Return an entry for each delivery that moved, and one for a new case that is held out."""
    entries = [Entry(kind=Kind.HELD_OUT)] if before is None and after.held_out else []
    for step, delivery in after.deliveries.items():
        old = before.delivery(step) if before else None
        if old is delivery:
            continue
        if old is None or (old.state, old.reason, old.owner) != (delivery.state, delivery.reason, delivery.owner):
            entries.append(_move(step, delivery, is_open=after.is_open))
    return entries


def _move(step: str, delivery: Delivery, *, is_open: bool) -> Entry:
    claimed = delivery.owner is not None and delivery.state is not DeliveryState.SENDING
    return Entry(
        kind=Kind.STEP,
        step=step,
        moved=Moved.CLAIMED if claimed else Moved(delivery.state.value),
        reason=None if delivery.owner else delivery.reason,
        repeated=delivery.state is DeliveryState.SENT and delivery.unknowns > 0,
        again_at=delivery.retry_at.replace(microsecond=0) if delivery.retry_at and is_open else None,
    )


def caused_by(event: Event, before: Case | None, after: Case) -> Entry:
    """Return the entry of what an event did to a case."""
    if not after.is_open:
        what = Entry(kind=Kind.ENDED, state=after.state, reason=after.reason)
    else:
        kind = Kind.OPENED if before is None else Kind.FAILED_AGAIN
        what = Entry(kind=kind, decline_class=after.decline_class)
    return replace(what, event_type=event.type.value, event_id=event.id)


def changed_nothing(event: Event, why: str) -> Entry:
    """Return the entry of an event that changed nothing, and why."""
    return Entry(kind=Kind.CHANGED_NOTHING, reason=why, event_type=event.type.value, event_id=event.id)


def counted(before: Case | None, after: Case) -> list[str]:
    """Return the counters to raise: `deliveries_<state>`, `skipped_<reason>`, `cases_<state>`, `stopped_<reason>`.

    A case that is stopped counts with the reason that was known first, and once.
    """
    counters = []
    for step, delivery in after.deliveries.items():
        old = before.delivery(step).state if before else DeliveryState.PLANNED
        if delivery.state is not old and delivery.state not in {DeliveryState.PLANNED, DeliveryState.SENDING}:
            counters.append(f"deliveries_{delivery.state}")
            if delivery.state is DeliveryState.SKIPPED:
                counters.append(f"skipped_{delivery.reason}")
            if delivery.state is DeliveryState.SENT and delivery.unknowns:
                counters.append("deliveries_repeated")
    if before is None:
        counters.append("cases_opened")
    if not after.is_open and (before is None or before.state is not after.state):
        counters.append(f"cases_{after.state}")
        if after.state is CaseState.STOPPED:
            counters.append(f"stopped_{after.reason}")
    return counters
