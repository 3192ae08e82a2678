import asyncio
from datetime import timedelta

import pytest

from dunning import queue
from dunning.paddle.events import Event, EventType
from dunning.store import Accepted, Store, keys
from tests.integration.at_rest import NOW, a_burial, everything, later, of_transaction, paddle_id, redis_of

DAY_MS = 24 * 60 * 60 * 1000


async def test_an_event_is_noted_and_its_job_queued(store: Store) -> None:
    event = of_transaction()

    accepted = await store.inbox.accept(event, NOW)

    redis = redis_of(store)
    ((job, queued_at),) = await redis.zrange(queue.QUEUE, 0, -1, withscores=True)
    assert accepted is Accepted.ACCEPTED
    assert await store.inbox.read(event.id) == event
    assert await redis.zrange(keys.INBOX, 0, -1, withscores=True) == [(event.id.encode(), NOW.timestamp() * 1000)]
    assert (job.startswith(b"handle_events:"), queued_at) == (True, NOW.timestamp() * 1000)
    assert (await redis.get(b"arq:job:" + job)).decode() == queue.handle_events_payload([event.id], NOW)


async def test_an_acknowledged_event_never_expires_and_its_job_lives_for_weeks(store: Store) -> None:
    event = of_transaction()

    await store.inbox.accept(event, NOW)

    redis = redis_of(store)
    assert await redis.pttl(keys.event(event.id)) == -1
    (job,) = await redis.zrange(queue.QUEUE, 0, -1)
    assert 27 * DAY_MS < await redis.pttl(b"arq:job:" + job) <= 28 * DAY_MS


async def test_a_duplicate_of_a_waiting_event_changes_nothing(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    before = await everything(redis_of(store))

    accepted = await store.inbox.accept(event, later(seconds=5))

    assert accepted is Accepted.DUPLICATE
    assert await everything(redis_of(store)) == before


async def test_a_duplicate_of_a_handled_event_is_not_queued(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await store.inbox.mark_handled(event.id)
    await redis_of(store).delete(queue.QUEUE)

    accepted = await store.inbox.accept(event, later(seconds=5))

    assert accepted is Accepted.DUPLICATE
    assert not await redis_of(store).exists(queue.QUEUE, keys.INBOX)


async def test_a_hundred_copies_at_once_are_accepted_once(store: Store) -> None:
    event = of_transaction()

    outcomes = await asyncio.gather(*(store.inbox.accept(event, NOW) for _ in range(100)))

    assert sorted(outcomes) == [Accepted.ACCEPTED, *[Accepted.DUPLICATE] * 99]
    assert await redis_of(store).zcard(queue.QUEUE) == 1


async def test_a_dead_event_that_comes_again_is_queued_again(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await store.inbox.give_up(event.id, "fault: KeyError", NOW)

    accepted = await store.inbox.accept(event, later(days=1))

    redis = redis_of(store)
    assert accepted is Accepted.REQUEUED
    assert await store.inbox.read(event.id) == event
    assert await redis.zscore(keys.INBOX, event.id) == later(days=1).timestamp() * 1000
    assert not await redis.exists(keys.DEAD)
    assert await redis.pttl(keys.event(event.id)) == -1


async def test_a_dead_end_that_comes_again_is_queued_whatever_it_touches(either: Store) -> None:
    event = of_transaction(EventType.TRANSACTION_PAID)
    await either.inbox.bury(a_burial(event.id), NOW)

    assert await either.inbox.accept(event, NOW) is Accepted.REQUEUED


async def test_a_buried_event_is_kept_with_its_ids_and_why(store: Store) -> None:
    event_id = paddle_id("evt")

    buried = await store.inbox.bury(a_burial(event_id), NOW)

    redis = redis_of(store)
    kept = (await redis.get(keys.event(event_id))).decode()
    assert buried is Accepted.ACCEPTED
    assert kept == "ddata.id (missing)\ntransaction.paid ntf_1 2026-05-04T12:00:00+00:00"
    assert await redis.zrange(keys.DEAD, 0, -1) == [event_id.encode()]
    assert 89 * DAY_MS < await redis.pttl(keys.event(event_id)) <= 90 * DAY_MS
    assert await store.inbox.read(event_id) is None
    assert not await redis.exists(queue.QUEUE, keys.INBOX)


@pytest.mark.parametrize("state", ["waiting", "handled", "dead"])
async def test_burying_an_event_that_is_known_changes_nothing(store: Store, state: str) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    if state == "handled":
        await store.inbox.mark_handled(event.id)
    elif state == "dead":
        await store.inbox.give_up(event.id, "first reason", NOW)
    before = await everything(redis_of(store))

    buried = await store.inbox.bury(a_burial(event.id), later(hours=1))

    assert buried is Accepted.DUPLICATE
    assert await everything(redis_of(store)) == before


async def test_an_event_given_up_is_dead_and_waits_no_more(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)

    await store.inbox.give_up(event.id, "it has no billed_at", later(seconds=3))

    redis = redis_of(store)
    kept = (await redis.get(keys.event(event.id))).decode()
    assert kept.startswith("dit has no billed_at\n{")
    assert Event.model_validate_json(kept.partition("\n")[2]) == event
    assert await redis.zscore(keys.DEAD, event.id) == later(seconds=3).timestamp() * 1000
    assert not await redis.exists(keys.INBOX)
    assert await store.inbox.read(event.id) is None


async def test_an_event_that_another_run_has_handled_is_not_given_up(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await store.inbox.mark_handled(event.id)

    await store.inbox.give_up(event.id, "fault", NOW)

    assert await redis_of(store).get(keys.event(event.id)) == b"h"
    assert not await redis_of(store).exists(keys.DEAD)


async def test_the_dead_are_listed_for_as_long_as_their_entry_lives(store: Store) -> None:
    old, new = of_transaction(), of_transaction()
    for event, died_at in ((old, NOW), (new, NOW + keys.KEEP_EVENT)):
        await store.inbox.accept(event, NOW)
        await store.inbox.give_up(event.id, "fault", died_at)

    assert await redis_of(store).zrange(keys.DEAD, 0, -1) == [new.id.encode()]


async def test_a_handled_event_leaves_a_trace_for_longer_than_paddle_repeats_it(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)

    await store.inbox.mark_handled(event.id)

    redis = redis_of(store)
    assert await redis.get(keys.event(event.id)) == b"h"
    assert 3 * DAY_MS < await redis.pttl(keys.event(event.id)) <= 4 * DAY_MS
    assert not await redis.exists(keys.INBOX)
    assert await store.inbox.read(event.id) is None


async def test_an_event_nobody_knows_reads_as_nothing(either: Store) -> None:
    assert await either.inbox.read(paddle_id("evt")) is None


@pytest.mark.parametrize(
    "event",
    [
        of_transaction(failed=False),
        of_transaction(at=NOW + timedelta(microseconds=1)),
        of_transaction(EventType.TRANSACTION_PAST_DUE),
    ],
    ids=["without attempts", "with microseconds", "with an attempt"],
)
async def test_an_event_reads_as_it_was_written(either: Store, event: Event) -> None:
    await either.inbox.accept(event, NOW)

    assert await either.inbox.read(event.id) == event
