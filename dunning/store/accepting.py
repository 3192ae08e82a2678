"""Taking events in: those that come at the same time by one script, which queues one job for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from redis.exceptions import NoScriptError

from dunning import queue
from dunning.instants import to_milliseconds
from dunning.paddle.events import Event, EventType, SubscriptionFacts, TransactionFacts, shows_failed_attempt
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient
from dunning.store.driver.shared_trip import SharedTrip

# Redis works on so many for two milliseconds, and a worker has them in hand together.
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

# What is the same for every trip. All that is sent is made bytes here: redis-py takes its time over anything else.
_INBOX, _DEAD, _QUEUE, _JOB_KEY = (key.encode() for key in (keys.INBOX, keys.DEAD, queue.QUEUE, queue.JOB_KEY))
_KEEP_PAYLOAD, _KEEP_MARK = (
    b"%d" % round(span.total_seconds() * 1000) for span in (queue.KEEP_PAYLOAD, keys.KEEP_MARK)
)


class Accepting:
    """Runs `accept.lua` for all events that come while its last run is under way, and gives each caller an answer."""

    def __init__(self, redis: RedisClient, within: timedelta) -> None:
        """Give each caller an answer or an error `within` this."""
        self._redis = redis
        self._script = scripts.load(redis, "accept")
        self._trip = SharedTrip(self._go, AT_MOST, within)

    async def accept(self, event: Event, now: datetime) -> str:
        """Note the event and queue its job, in one step, and return what became of it.

        Raises:
            TimeoutError, RedisError, OSError: Redis is slow, away, or refuses it.
        """
        return (await self._trip.ask((event, now))).decode()

    async def _go(self, asked: Sequence[tuple[Event, datetime]]) -> list[bytes]:
        """Take these in by one script. An error fails them all.

        If the answer of a run is lost and the script is run again, its events are duplicates and queue no second job.
        """
        _, now = asked[0]
        job = queue.handle_events_job_id(uuid4().hex).encode()
        before, after = queue.handle_events_payload([queue.SLOT], now).encode().split(rb"\u0000")
        script_keys = keys_of_trip(job)
        arguments = [b"%d" % to_milliseconds(now), job, before, after, _KEEP_PAYLOAD, _KEEP_MARK]
        for event, _ in asked:
            _add(event, script_keys, arguments)
        command = ("EVALSHA", self._script.sha, len(script_keys), *script_keys, *arguments)
        try:
            answers: list[bytes] = await self._redis.execute_command(*command)
        except NoScriptError:
            await self._redis.script_load(self._script.script)
            answers = await self._redis.execute_command(*command)
        return answers


def keys_of_trip(job: bytes) -> list[bytes]:
    """Return the first keys that `accept.lua` works with, in its order. `ready.lua` tries the same."""
    return [_INBOX, _DEAD, _QUEUE, _JOB_KEY + job]


def keys_of_event(event_id: str, marked: str, guard: str) -> list[bytes]:
    """Return the keys of one event, in the order of `accept.lua`. `ready.lua` tries the same."""
    return [keys.event(event_id).encode(), keys.mark(marked).encode(), guard.encode(), keys.stopped(marked).encode()]


def _add(event: Event, script_keys: list[bytes], arguments: list[bytes]) -> None:
    """Add what `accept.lua` names for one event."""
    facts = event.facts
    if isinstance(facts, TransactionFacts):
        kind, marked, guard = b"case", facts.id, keys.case(facts.id)
    else:
        kind, guard = b"customer", keys.customer(facts.customer_id)
        marked = facts.id if isinstance(facts, SubscriptionFacts) else facts.subscription_id or facts.id
    script_keys += keys_of_event(event.id, marked, guard)
    arguments += [
        event.id.encode(),
        event.model_dump_json(exclude_defaults=True).encode(),
        ENDS.get(event.type, "").encode(),
        b"%d" % to_milliseconds(event.occurred_at),
        b"1" if shows_failed_attempt(facts) else b"0",
        kind,
    ]
