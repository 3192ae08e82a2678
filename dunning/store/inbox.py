"""The inbox: every event we acknowledged, until it is handled."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError

from dunning import queue
from dunning.errors import PermanentError
from dunning.instants import to_milliseconds
from dunning.jobs import TIMEOUTS, Job
from dunning.paddle.events import AdjustmentFacts, Event
from dunning.paddle.intake import Bury
from dunning.store import keys
from dunning.store.accepting import Accepting
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.driver.shared_commands import SharedCommands, SharedScript
from dunning.store.traces import Trace

# An event that nobody has handled this long after it was queued has lost its job or its worker.
HANDLE_WITHIN = timedelta(seconds=15)
REDRIVE_AT_MOST = 500


class Accepted(StrEnum):
    """What became of an event that was handed in. Each is acknowledged to Paddle."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REQUEUED = "requeued"
    """It was dead, and gets another chance."""
    NOT_KEPT = "not_kept"
    """It ends something we have no case of: nothing to do, at most a mark."""


class Inbox:
    """Events in: accepted, read by their job, and buried when they can't be handled."""

    def __init__(self, redis: RedisClient, accept_within: timedelta) -> None:
        """Use this Redis. An event is accepted, or not, `accept_within` this."""
        self._redis = redis
        self._accepting = Accepting(redis, accept_within)
        self._bury = scripts.load(redis, "bury")
        self._redrive = scripts.load(redis, "redrive")
        self._handled = SharedScript(redis, "handled")
        self._reads = SharedCommands(redis)

    async def accept(self, event: Event, now: datetime) -> Accepted:
        """Note the event and queue its job, in one step. After this returns, it will be handled."""
        if isinstance(event.facts, AdjustmentFacts) and not event.facts.is_charge_back:
            return Accepted.NOT_KEPT
        return Accepted(await self._accepting.accept(event, now))

    async def bury(self, bury: Bury, now: datetime) -> Accepted:
        """Keep an event as dead that is not shaped as its type says: its ids and why, for an operator to read."""
        about = "".join(f' "{one}"' for one in bury.about)  # quoted as in an event: so are they looked for
        ids = f"{bury.label} {bury.notification_id} {bury.occurred_at.isoformat()}{about}"
        return await self._to_grave(bury.event_id, f"{bury.reason}\n{ids}", now, new=True)

    async def give_up(self, event_id: str, reason: str, now: datetime) -> bool:
        """Keep an event as dead whose handling failed for good, and return whether it was still to be handled.

        Paddle's replay of it queues it again.
        """
        entry = await self._redis.get(keys.event(event_id))
        if entry is None or entry[:1] != b"p":
            return False
        try:
            event = Event.model_validate_json(entry[1:]).without_total().model_dump_json(exclude_defaults=True)
        except ValidationError:  # written by another version, and kept as it is for that one to read
            event = entry[1:].decode()
        buried = await self._to_grave(event_id, f"{reason}\n{event}", now, new=False)
        return buried is Accepted.ACCEPTED

    async def read(self, event_id: str) -> Event | None:
        """Return the event if it is still to be handled.

        Raises:
            PermanentError: this version of us can't read it.
        """
        entry = await self._reads.ask("GET", keys.event(event_id))
        if entry is None or entry[:1] != b"p":
            return None
        try:
            return Event.model_validate_json(entry[1:])
        except ValidationError:
            raise PermanentError(f"event {event_id} was written by another version and can't be read") from None

    async def mark_handled(self, event_id: str, traced: tuple[str, Trace] | None = None) -> None:
        """Note that the event changed nothing and need not be looked at again.

        `traced` is its transaction and what it came to, where no case tells of it.
        """
        transaction_id, trace = traced or ("", None)
        await self._handled(
            keys=[keys.event(event_id), keys.INBOX, keys.trace(transaction_id)],
            args=[
                event_id,
                _milliseconds(keys.KEEP_HANDLED),
                trace.at_rest() if trace else "",
                keys.TRACED,
                _milliseconds(keys.KEEP_TRACE),
            ],
        )

    async def redrive(self, now: datetime) -> int:
        """Queue again what was not handled in time and has lost its job, and return how many that were."""
        return await self._queue_alone((), now)

    async def drive_alone(self, event_ids: Sequence[str], now: datetime) -> None:
        """Queue each of these by itself, if it is still to be handled. One that is so already keeps its place."""
        if event_ids:
            await self._queue_alone(event_ids, now)

    async def _queue_alone(self, event_ids: Sequence[str], now: datetime) -> int:
        before, after = queue.handle_event_payload(queue.SLOT, now).split(r"\u0000")
        return int(
            await self._redrive(
                keys=[keys.INBOX, queue.QUEUE],
                args=[
                    to_milliseconds(now),
                    to_milliseconds(now - HANDLE_WITHIN),
                    REDRIVE_AT_MOST,
                    to_milliseconds(now - queue.AHEAD / 2),
                    queue.JOB_KEY,
                    queue.handle_event_job_id(""),
                    before,
                    after,
                    _milliseconds(queue.KEEP_PAYLOAD),
                    queue.MARK_KEY,
                    _milliseconds(queue.KEEP_MARK - TIMEOUTS[Job.HANDLE_EVENT]),
                    *event_ids,
                ],
            )
        )

    async def _to_grave(self, event_id: str, entry: str, now: datetime, *, new: bool) -> Accepted:
        answer = await self._bury(
            keys=[keys.event(event_id), keys.INBOX, keys.DEAD],
            args=[
                to_milliseconds(now),
                event_id,
                entry,
                _milliseconds(keys.KEEP_EVENT),
                to_milliseconds(now - keys.KEEP_EVENT),
                "1" if new else "0",
            ],
        )
        return Accepted(answer.decode())


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
