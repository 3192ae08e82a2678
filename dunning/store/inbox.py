"""The inbox: every event we acknowledged, until it is handled."""

from datetime import datetime, timedelta
from enum import StrEnum

from dunning import queue
from dunning.events import Event, EventType, SubscriptionFacts, shows_failed_attempt
from dunning.instants import to_milliseconds
from dunning.store import keys, scripts
from dunning.store.connection import RedisClient

# An event that nobody has handled this long after it was queued has lost its job or its worker.
HANDLE_WITHIN = timedelta(seconds=15)
REDRIVE_AT_MOST = 500

# Events that end a case, and what they leave where there is none yet.
ENDS = {
    EventType.TRANSACTION_PAID: "paid",
    EventType.TRANSACTION_COMPLETED: "paid",
    EventType.TRANSACTION_CANCELED: "canceled",
    EventType.SUBSCRIPTION_CANCELED: "canceled",
    EventType.SUBSCRIPTION_PAUSED: "paused",
}


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

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._accept = scripts.load(redis, "accept")
        self._bury = scripts.load(redis, "bury")
        self._redrive = scripts.load(redis, "redrive")

    async def accept(self, event: Event, now: datetime) -> Accepted:
        """Note the event and queue its job, in one step. After this returns, it will be handled."""
        of_subscription = isinstance(event.facts, SubscriptionFacts)
        end = ENDS.get(event.type)
        job = queue.handle_event_job_id(event.id)
        answer = await self._accept(
            keys=[
                keys.event(event.id),
                keys.INBOX,
                keys.DEAD,
                queue.JOB_KEY + job,
                queue.QUEUE,
                keys.mark(event.facts.id),
                keys.subscription(event.facts.id) if of_subscription else keys.case(event.facts.id),
            ],
            args=[
                to_milliseconds(now),
                event.id,
                event.model_dump_json(exclude_defaults=True),
                job,
                queue.handle_event_payload(event.id, now),
                _milliseconds(queue.KEEP_PAYLOAD),
                _milliseconds(keys.KEEP_MARK),
                end or "",
                to_milliseconds(event.occurred_at),
                "1" if shows_failed_attempt(event.facts) else "0",
                "subscription" if of_subscription else "case",
            ],
        )
        return Accepted(answer.decode())

    async def bury(
        self,
        event_id: str,
        *,
        event_type: str,
        notification_id: str | None,
        occurred_at: datetime,
        reason: str,
        now: datetime,
    ) -> Accepted:
        """Keep an event as dead that is not shaped as its type says: its ids and why, for an operator to read."""
        ids = f"{event_type} {notification_id} {occurred_at.isoformat()}"
        return await self._to_grave(event_id, f"{reason}\n{ids}", now, new=True)

    async def give_up(self, event: Event, reason: str, now: datetime) -> None:
        """Keep an event as dead whose handling failed for good. Paddle's replay of it queues it again."""
        await self._to_grave(event.id, f"{reason}\n{event.model_dump_json(exclude_defaults=True)}", now, new=False)

    async def read(self, event_id: str) -> Event | None:
        """Return the event if it is still to be handled."""
        entry = await self._redis.get(keys.event(event_id))
        if entry is None or entry[:1] != b"p":
            return None
        return Event.model_validate_json(entry[1:])

    async def mark_handled(self, event_id: str) -> None:
        """Note that the event changed nothing and need not be looked at again."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(keys.event(event_id), "h", px=_milliseconds(keys.KEEP_HANDLED))
            pipe.zrem(keys.INBOX, event_id)
            await pipe.execute()

    async def redrive(self, now: datetime) -> int:
        """Queue again what was not handled in time and has lost its job, and return how many that were."""
        before, after = queue.handle_event_payload(queue.SLOT, now).split(r"\u0000")
        return int(
            await self._redrive(
                keys=[keys.INBOX, queue.QUEUE],
                args=[
                    to_milliseconds(now),
                    to_milliseconds(now - HANDLE_WITHIN),
                    REDRIVE_AT_MOST,
                    queue.JOB_KEY,
                    queue.handle_event_job_id(""),
                    before,
                    after,
                    _milliseconds(queue.KEEP_PAYLOAD),
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
