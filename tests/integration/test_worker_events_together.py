"""Events that came together: handled by one job in a few trips, and the trouble of one is nobody else's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from dunning import queue
from dunning.jobs import Job
from dunning.paddle.events import Event, EventType
from dunning.store import Store, keys
from dunning.store.inbox import HANDLE_WITHIN
from tests.integration.at_rest import NOW, of_transaction, paddle_id, redis_of
from tests.integration.edge import settings
from tests.integration.stores import RedisHands
from tests.integration.test_queue_worker import Seen, arq_worker
from worker.handle_event import handle_events, leave_to_the_sweep
from worker.letters.render import Renderer
from worker.services import WorkerServices, check_templates, open_services, utc_now

MANY = 50


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return check_templates(settings("redis://127.0.0.1"))


@pytest.fixture
async def services(redis_url: str, renderer: Renderer) -> AsyncIterator[WorkerServices]:
    opened = open_services(settings(redis_url), redis_url, renderer, lambda: NOW)
    yield opened
    await opened.close()


async def accepted(store: Store, events: Sequence[Event]) -> list[str]:
    """Take events in, and lose their jobs: the test is the worker."""
    await asyncio.gather(*(store.inbox.accept(event, NOW) for event in events))
    await redis_of(store).delete(queue.QUEUE)
    return [event.id for event in events]


async def test_many_events_open_their_cases_in_a_few_trips(store: Store, services: WorkerServices) -> None:
    ids = await accepted(store, [of_transaction() for _ in range(MANY)])
    redis = redis_of(store)
    # Redis reads 16 KB at a time, so that one trip with fifty cases is a few reads.
    before = (await redis.info("stats"))["total_reads_processed"]

    await handle_events(services, ids)

    assert (await redis.info("stats"))["total_reads_processed"] - before < MANY
    assert await redis.zcard(keys.DUE) == MANY
    assert await redis.zcard(keys.INBOX) == 0


async def test_two_events_of_one_debt_open_one_case_and_tell_it_once(store: Store, services: WorkerServices) -> None:
    transaction = paddle_id("txn")
    failed = of_transaction(EventType.TRANSACTION_PAYMENT_FAILED, transaction=transaction)
    past_due = of_transaction(EventType.TRANSACTION_PAST_DUE, transaction=transaction)

    await handle_events(services, await accepted(store, [failed, past_due]))

    assert len(await store.cases.story(transaction)) == 1
    assert (await RedisHands(store).counts())["cases_opened"] == 1
    assert await redis_of(store).zcard(keys.INBOX) == 0


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_an_event_whose_case_is_unreadable_is_queued_alone_and_the_others_are_handled(
    store: Store, services: WorkerServices, place: int
) -> None:
    events = [of_transaction() for _ in range(3)]
    troubled = events[place]
    await redis_of(store).set(keys.case(troubled.facts.id), "7 open {}")

    with capture_logs() as logs:
        await handle_events(services, await accepted(store, events))

    assert await RedisHands(store).events() == {troubled.id}
    assert [event.id for event in events if await store.inbox.read(event.id)] == [troubled.id]
    told = [(line["event_id"], line["error"]) for line in logs if line["event"] == "event.by_itself"]
    assert told == [(troubled.id, "PermanentError")]


async def test_a_case_that_redis_refuses_to_write_keeps_no_other_from_being_written(
    store: Store, services: WorkerServices
) -> None:
    events = [of_transaction() for _ in range(3)]
    await redis_of(store).hset(keys.case(events[1].facts.id), "no", "text")  # so that GET fails

    await handle_events(services, await accepted(store, events))

    assert await RedisHands(store).events() == {events[1].id}
    assert await redis_of(store).exists(*(keys.case(one.facts.id) for one in (events[0], events[2]))) == 2


async def test_events_that_are_done_with_are_nothing_to_do(store: Store, services: WorkerServices) -> None:
    done, unknown = of_transaction(), of_transaction()
    (done_id,) = await accepted(store, [done])
    await store.inbox.mark_handled(done_id)

    await handle_events(services, [done_id, unknown.id])

    assert await redis_of(store).exists(queue.QUEUE, keys.INBOX, keys.DUE) == 0


async def test_a_job_that_is_given_up_leaves_its_events_to_the_sweep(store: Store, services: WorkerServices) -> None:
    ids = await accepted(store, [of_transaction() for _ in range(2)])

    await leave_to_the_sweep(services, ids, "fault: ValueError")

    assert await store.inbox.redrive(NOW + HANDLE_WITHIN) == len(ids)


async def test_a_worker_of_the_version_before_leaves_what_came_together_to_the_sweep(
    store: Store, redis_url: str
) -> None:
    """It knows jobs of one event only; arq deletes what it does not know."""
    events = [of_transaction() for _ in range(2)]
    await asyncio.gather(*(store.inbox.accept(event, utc_now()) for event in events))
    seen = Seen()

    async with arq_worker(redis_url, seen.run) as worker:
        del worker.functions[Job.HANDLE_EVENTS]
        await worker.async_run()
        driven = await store.inbox.redrive(utc_now() + HANDLE_WITHIN + timedelta(seconds=1))
        await worker.async_run()

    assert driven == 2
    assert set(seen.ids) == {(event.id,) for event in events}
