"""What an open case costs in Redis: bytes when it is new, with the traces of its events, and after its first mails."""

from collections.abc import Callable
from datetime import UTC, datetime

from bench.copies import read_original, write_copies
from bench.figures import Figure, at_most
from bench.jobs import declined, work_off
from bench.service import UNLIMITED, BrokenError, Service, database, running_service
from dunning.instants import to_milliseconds
from dunning.paddle.events import EventType
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.what_changed import entries_of_change
from dunning.store import Store

COPIES = 100_000
STEPS_SENT = ("first", "reminder", "reminder-2")
OWNER = "0123456789ab"
# What sending a mail writes, one after the other.
MOVES: tuple[Callable[[Delivery, datetime], Delivery], ...] = (
    lambda planned, now: planned.claim(OWNER, now),
    lambda claimed, _now: claimed.begin_data(OWNER),
    lambda sending, _now: sending.settle(OWNER, DeliveryState.SENT, "250"),
)


async def measure() -> list[Figure]:
    """Have a worker open one case, copy it, and see how much more memory is in use."""
    async with running_service([]) as service:
        case, event_ids = await open_one(service)
        new = await _bytes_of(service, 1, case)
        traced = await _bytes_of(service, 2, case, event_ids)
        await _send_mails(service, case.id)
        mailed = await _bytes_of(service, 3, case)
    return [
        Figure(f"Redis memory of an open case, of {COPIES:,}", "bytes", (new,), at_most(600)),
        Figure(f"the same with the traces of its {len(event_ids)} events, kept for 4 days", "bytes", (traced,)),
        Figure(f"the same after {len(STEPS_SENT)} mails, with their story", "bytes", (mailed,)),
    ]


async def open_one(service: Service) -> tuple[Case, list[str]]:
    """Let a worker handle the two events that Paddle tells of a declined renewal, and return the case and their ids."""
    failed, other = declined(2)
    past_due = failed.model_copy(update={"type": EventType.TRANSACTION_PAST_DUE, "id": other.id})
    await work_off(service, [failed, past_due])
    store = Store.open(service.stack.server.url, rate_limit=UNLIMITED)
    case = await store.cases.read(failed.facts.id)
    await store.close()
    if case is None:
        raise BrokenError("no case was opened")
    return case, [failed.id, past_due.id]


async def _bytes_of(service: Service, number: int, case: Case, event_ids: list[str] | None = None) -> float:
    """Copy the case as it is now into a database of its own, and return the memory of one copy."""
    original = await read_original(service.stack.server.url, case, event_ids or [])
    now = to_milliseconds(datetime.now(UTC))
    return await write_copies(database(service, number), original, COPIES, lambda _: now)


async def _send_mails(service: Service, case_id: str) -> None:
    """Write into the case what sending some mails writes: each is claimed, begun and sent."""
    store = Store.open(service.stack.server.url, rate_limit=UNLIMITED)
    now = datetime.now(UTC)
    for step in STEPS_SENT:
        for move in MOVES:
            (read,) = await store.cases.read_versioned([case_id])
            if read.case is None:
                raise BrokenError("the case is gone")
            after = read.case.with_delivery(step, move(read.case.delivery(step), now))
            await store.cases.commit(
                after, read.revision, due_at=now, now=now, story=entries_of_change(read.case, after)
            )
    await store.close()
