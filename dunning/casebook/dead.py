"""What an operator may do to events that could not be handled: handle them again, or let go of them."""

from collections.abc import Iterable
from datetime import datetime

from dunning.rules.story import Entry, Kind
from dunning.store import DeadEvent, Store


async def replay(store: Store, dead: Iterable[DeadEvent], now: datetime) -> set[str]:
    """Have these handled again, and return which are. A malformed one can't be."""
    events = [one.event for one in dead if one.event is not None]
    return {event.id for event in events if await store.inbox.accept(event, now) == "requeued"}


async def drop(store: Store, dead: Iterable[DeadEvent], now: datetime, *, by: str) -> list[str]:
    """Let go of these, note it in the stories of their cases, and return which were dead."""
    listed = [*dead]
    dropped = await store.dead.drop([one.event_id for one in listed])
    for one in listed:
        if one.event is not None and one.event_id in dropped:
            told = Entry(kind=Kind.EVENT_DROPPED, event_type=one.event.type.value, event_id=one.event_id, operator=by)
            await store.cases.note(one.event.facts.id, told, now)
    return dropped
