"""Taking events in: each by one script, those that come at the same time by one trip to Redis."""

from collections.abc import Sequence
from datetime import datetime

from redis.exceptions import NoScriptError

from dunning import queue
from dunning.instants import to_milliseconds
from dunning.paddle.events import Event, EventType, SubscriptionFacts, TransactionFacts, shows_failed_attempt
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.driver.shared_trip import SharedTrip

# Redis works on so many for two milliseconds, and a connection holds them all without a pause.
AT_MOST = 50

# Events that end a case, and what they leave where there is none yet.
ENDS = {
    EventType.TRANSACTION_PAID: "paid",
    EventType.TRANSACTION_COMPLETED: "paid",
    EventType.TRANSACTION_CANCELED: "canceled",
    EventType.SUBSCRIPTION_CANCELED: "canceled",
    EventType.SUBSCRIPTION_PAUSED: "paused",
    EventType.ADJUSTMENT_CREATED: "charged_back",
    EventType.ADJUSTMENT_UPDATED: "charged_back",
}

# What is the same for every event. All that is sent is made bytes here: redis-py takes its time over anything else.
_INBOX, _DEAD, _QUEUE, _JOB_KEY = (key.encode() for key in (keys.INBOX, keys.DEAD, queue.QUEUE, queue.JOB_KEY))
_KEEP_PAYLOAD, _KEEP_MARK = (
    b"%d" % round(span.total_seconds() * 1000) for span in (queue.KEEP_PAYLOAD, keys.KEEP_MARK)
)
_KEYS = 8


class Accepting:
    """Runs `accept.lua` for one event after another, and gives each caller their own answer."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._script = scripts.load(redis, "accept")
        self._trip = SharedTrip(self._go, AT_MOST)

    async def accept(self, event: Event, now: datetime) -> str:
        """Note the event and queue its job, in one step, and return what became of it."""
        return (await self._trip.ask((event, now))).decode()

    async def _go(self, asked: Sequence[tuple[Event, datetime]]) -> list[bytes]:
        try:
            return await self._run(asked)
        except NoScriptError:
            await self._redis.script_load(self._script.script)
            return await self._run(asked)

    async def _run(self, asked: Sequence[tuple[Event, datetime]]) -> list[bytes]:
        """Run the script for each. Where one fails, all count as failed: those that didn't are duplicates next time.

        An error has to be raised inside of `execute`, which then turns to another connection, and so to the server that
        has taken over.
        """
        before, after = queue.handle_event_payload(queue.SLOT, asked[0][1]).encode().split(rb"\u0000")
        async with self._redis.pipeline(transaction=False) as pipe:
            for event, now in asked:
                pipe.evalsha(self._script.sha, _KEYS, *_keys_and_arguments(event, now, before, after))
            answers: list[bytes] = await pipe.execute()
            return answers


def keys_of(event_id: str, job: bytes, marked: str, guard: str) -> list[bytes]:
    """Return the keys that `accept.lua` works with, in its order. `ready.lua` tries the same."""
    return [
        keys.event(event_id).encode(),
        _INBOX,
        _DEAD,
        _JOB_KEY + job,
        _QUEUE,
        keys.mark(marked).encode(),
        guard.encode(),
        keys.stopped(marked).encode(),
    ]


def _keys_and_arguments(event: Event, now: datetime, before: bytes, after: bytes) -> list[bytes]:
    """Return what `accept.lua` names. `before` and `after` stand around the event's id in what arq reads."""
    event_id, facts = event.id, event.facts
    if isinstance(facts, TransactionFacts):
        kind, marked, guard = b"case", facts.id, keys.case(facts.id)
    else:
        kind, guard = b"customer", keys.customer(facts.customer_id)
        marked = facts.id if isinstance(facts, SubscriptionFacts) else facts.subscription_id or facts.id
    job = queue.handle_event_job_id(event_id).encode()
    return [
        *keys_of(event_id, job, marked, guard),
        b"%d" % to_milliseconds(now),
        event_id.encode(),
        event.model_dump_json(exclude_defaults=True).encode(),
        job,
        before + event_id.encode() + after,
        _KEEP_PAYLOAD,
        _KEEP_MARK,
        ENDS.get(event.type, "").encode(),
        b"%d" % to_milliseconds(event.occurred_at),
        b"1" if shows_failed_attempt(event.facts) else b"0",
        kind,
    ]
