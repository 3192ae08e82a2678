"""What the tests of the store put into it, and a look at what it then holds."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import pytest
from redis.asyncio import Redis

from dunning.paddle.events import CollectionAttempt, Envelope, Event, EventType, SubscriptionFacts, TransactionFacts
from dunning.paddle.intake import Bury
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from dunning.store import Store
from dunning.store.memory import MemoryStore

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

Expected = TypeVar("Expected", bound=Exception)

_numbers: Iterator[int] = count(1)


def paddle_id(prefix: str) -> str:
    """Give an id of Paddle's shape that no other test was given."""
    return f"{prefix}_01{next(_numbers):024d}"


def redis_of(store: Store) -> Any:  # noqa: ANN401 - as in dunning.store.driver.connection: redis-py's annotations are of no use
    """Give the client behind a store."""
    redis: Redis = store._redis
    return redis


def customer_of(subscription_id: str) -> str:
    """Give the customer that a subscription belongs to."""
    return subscription_id.replace("sub_", "ctm_")


def of_transaction(
    event_type: EventType = EventType.TRANSACTION_PAYMENT_FAILED,
    *,
    transaction: str | None = None,
    subscription: str | None = None,
    failed: bool = True,
    at: datetime = NOW,
) -> Event:
    """Make an event of a renewal, with a declined attempt in it unless `failed` is False."""
    attempt = CollectionAttempt(at=NOW, status="error", code="declined") if failed else None
    return Event(
        id=paddle_id("evt"),
        type=event_type,
        occurred_at=at,
        facts=TransactionFacts(
            id=transaction or paddle_id("txn"),
            status="past_due",
            origin="subscription_recurring",
            collection_mode="automatic",
            subscription_id=subscription or paddle_id("sub"),
            customer_id=paddle_id("ctm"),
            currency_code="EUR",
            billed_at=NOW,
            attempts=(attempt,) if attempt else (),
        ),
    )


def of_subscription(
    event_type: EventType = EventType.SUBSCRIPTION_CANCELED, *, subscription: str, at: datetime = NOW
) -> Event:
    """Make an event of a subscription's end or pause."""
    return Event(
        id=paddle_id("evt"),
        type=event_type,
        occurred_at=at,
        facts=SubscriptionFacts(
            id=subscription,
            status=event_type.partition(".")[2],
            collection_mode="automatic",
            customer_id=customer_of(subscription),
        ),
    )


def a_burial(event_id: str) -> Bury:
    """Return what is to be kept of an event whose transaction has no id."""
    envelope = Envelope(
        event_id=event_id, event_type=EventType.TRANSACTION_PAID, occurred_at=NOW, notification_id="ntf_1"
    )
    return Bury(envelope, None, "data.id (missing)")


def a_case(case_id: str | None = None, *, subscription: str | None = None) -> Case:
    """Make an open case."""
    subscription = subscription or paddle_id("sub")
    return Case(
        id=case_id or paddle_id("txn"),
        subscription_id=subscription,
        customer_id=customer_of(subscription),
        campaign="renewal",
        decline_class=DeclineClass.SOFT,
        reason_code="declined",
        failed_at=NOW,
        attempted_at=NOW,
    )


async def open_case(
    store: Store | MemoryStore,
    case_id: str | None = None,
    *,
    subscription: str | None = None,
    due_at: datetime | None = NOW,
) -> Case:
    """Write an open case, due at once."""
    case = a_case(case_id, subscription=subscription)
    await store.cases.commit(case, 0, due_at=due_at, now=NOW)
    return case


@asynccontextmanager
async def opened(url: str, *, rate_limit: int = 200) -> AsyncIterator[Store]:
    """Open a store, and close it again."""
    store = Store.open(url, rate_limit=rate_limit)
    try:
        yield store
    finally:
        await store.close()


async def everything(redis: Any) -> dict[str, bytes]:  # noqa: ANN401 - as above
    """Give all that Redis holds, by key."""
    return {key.decode(): await redis.dump(key) for key in await redis.keys("*")}


async def everything_told(redis: Any) -> str:  # noqa: ANN401 - as above
    """Give all that Redis holds, keys and values, as one text."""
    read = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1),
    }
    return "\n".join([f"{key} {await read[await redis.type(key)](key)}" for key in await redis.keys("*")])


async def redis_ms(redis: Any) -> int:  # noqa: ANN401 - as above
    """Give the time of Redis' clock, on which API calls are counted."""
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def raised(error: type[Expected], work: Any) -> Expected:  # noqa: ANN401 - any awaitable
    """Await the work and give the error it ends in."""
    with pytest.raises(error) as caught:
        await work
    return caught.value


def later(**span: float) -> datetime:
    """Give a moment so long after the one at which the tests take place."""
    return NOW + timedelta(**span)
