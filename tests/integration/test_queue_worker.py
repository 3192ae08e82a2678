"""The contract with arq: jobs that our own scripts put in the queue run through a real worker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

from arq import Retry
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func

from dunning import queue
from dunning.jobs import TIMEOUTS, Job
from dunning.store import Store, keys
from dunning.store.driver.connection import Patience, connection_pool
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import everything, of_transaction, open_case, opened, redis_of
from tests.until import until
from worker.services import utc_now

Run = Callable[..., Awaitable[None]]


class Seen:
    """What jobs were run with, and a way to have the first of them fail."""

    def __init__(self, *, failures: int = 0) -> None:
        self.ids: list[Any] = []
        self.tries: list[int] = []
        self._failures = failures

    async def run(self, ctx: dict[Any, Any], *ids: object) -> None:
        self.tries.append(ctx["job_try"])
        if len(self.tries) <= self._failures:
            raise Retry(defer=timedelta(milliseconds=1))
        self.ids.append(ids)

    def count_is(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            return len(self.ids) == count

        return look


@asynccontextmanager
async def arq_worker(url: str, run: Run, *, burst: bool = True) -> AsyncIterator[Worker]:
    """Make a worker as ours is made: the same connections, the same JSON, no results."""
    worker = Worker(
        functions=[func(cast("WorkerCoroutine", run), name=job, timeout=TIMEOUTS[job]) for job in Job],
        queue_name=queue.QUEUE,
        redis_pool=queue.arq_redis(connection_pool(url, Patience.MUCH)),
        job_serializer=queue.serialize,
        job_deserializer=queue.deserialize,
        keep_result=0,
        handle_signals=False,
        poll_delay=0.01,
        burst=burst,
    )
    try:
        yield worker
    finally:
        await worker.pool.aclose(close_connection_pool=True)


async def work_off(url: str, run: Run) -> None:
    async with arq_worker(url, run) as worker:
        await worker.async_run()


async def test_an_accepted_event_is_handled_with_its_id_alone(store: Store, redis_url: str) -> None:
    event, seen = of_transaction(), Seen()
    await store.inbox.accept(event, utc_now())

    await work_off(redis_url, seen.run)

    assert seen.ids == [([event.id],)]


async def test_events_accepted_together_are_handled_by_one_job(store: Store, redis_url: str) -> None:
    events, seen = [of_transaction() for _ in range(5)], Seen()
    await asyncio.gather(*(store.inbox.accept(event, utc_now()) for event in events))

    await work_off(redis_url, seen.run)

    assert seen.ids == [([event.id for event in events],)]


async def test_a_job_that_is_done_leaves_no_result_and_no_payload(store: Store, redis_url: str) -> None:
    event = of_transaction()
    await store.inbox.accept(event, utc_now())

    await work_off(redis_url, Seen().run)

    left = set(await everything(redis_of(store))) - {f"{queue.QUEUE}:health-check"}
    assert left == {keys.event(event.id), keys.INBOX}


async def test_a_swept_batch_is_handed_over_with_its_grants(store: Store, redis_url: str) -> None:
    seen = Seen()
    await redis_of(store).zadd(keys.DUE, {"txn_1": 1, "txn_2": 2})
    await store.due.sweep(utc_now(), calls_per_case=0)

    await work_off(redis_url, seen.run)

    ((case_ids, grant_ids),) = seen.ids
    assert case_ids == ["txn_1", "txn_2"]
    assert len(grant_ids) == 2


async def test_an_event_driven_again_runs(store: Store, redis_url: str) -> None:
    event, seen = of_transaction(), Seen()
    await store.inbox.accept(event, utc_now() - timedelta(minutes=1))
    await redis_of(store).delete(queue.QUEUE)
    await store.inbox.redrive(utc_now())

    await work_off(redis_url, seen.run)

    assert seen.ids == [(event.id,)]


async def test_the_same_event_queued_twice_runs_once(store: Store, redis_url: str) -> None:
    event, seen = of_transaction(), Seen()
    await store.inbox.accept(event, utc_now() - timedelta(minutes=1))
    await store.inbox.redrive(utc_now())

    await work_off(redis_url, seen.run)

    assert seen.ids == [([event.id],)]


async def test_a_job_two_days_old_still_runs(store: Store, redis_url: str) -> None:
    """arq's own expiry of a day would have dropped it: ours gives its payload weeks."""
    event, seen = of_transaction(), Seen()
    await store.inbox.accept(event, utc_now() - timedelta(days=2))
    (job,) = await redis_of(store).zrange(queue.QUEUE, 0, -1)
    left_ms = await redis_of(store).pttl(b"arq:job:" + job)

    await work_off(redis_url, seen.run)

    assert timedelta(milliseconds=left_ms) > timedelta(weeks=3)
    assert seen.ids == [([event.id],)]


async def test_a_job_that_asks_to_be_run_again_is(store: Store, redis_url: str) -> None:
    event, seen = of_transaction(), Seen(failures=2)
    await store.inbox.accept(event, utc_now())

    await work_off(redis_url, seen.run)

    assert seen.tries == [1, 2, 3]
    assert seen.ids == [([event.id],)]


async def test_a_batch_of_due_cases_goes_before_every_event_that_waits(store: Store, redis_url: str) -> None:
    events, seen = [of_transaction() for _ in range(3)], Seen()
    for event in events:
        await store.inbox.accept(event, utc_now() - timedelta(minutes=5))
    case = await open_case(store)
    await store.due.sweep(utc_now(), calls_per_case=0)

    await work_off(redis_url, seen.run)

    (cases, _grants), *others = seen.ids
    assert cases == [case.id]
    assert len(others) == len(events)


async def test_an_event_requeued_from_the_dead_runs_again(store: Store, redis_url: str) -> None:
    event, seen = of_transaction(), Seen()
    await store.inbox.accept(event, utc_now())
    await work_off(redis_url, seen.run)
    await store.inbox.give_up(event.id, "fault", utc_now())
    await store.inbox.accept(event, utc_now())

    await work_off(redis_url, seen.run)

    assert seen.ids == [([event.id],), ([event.id],)]


async def test_a_worker_lives_through_a_restart_of_redis_and_runs_what_was_queued() -> None:
    before, after, seen = of_transaction(), of_transaction(), Seen()
    with EmbeddedServer(tcp=True) as server:
        async with opened(server.url) as store, arq_worker(server.url, seen.run, burst=False) as worker:
            working = asyncio.create_task(worker.async_run())
            await store.inbox.accept(before, utc_now())
            await until(seen.count_is(1))
            # In the midst of taking a job, arq's loop would end of it; `dunning worker` begins another one then.
            await until(lambda: nothing_queued(store))
            await until(lambda: nothing_at_hand(worker))  # arq has read that the job's end is written

            server.stop()
            server.start()
            await store.inbox.accept(after, utc_now())
            await until(seen.count_is(2))
            await until(lambda: nothing_queued(store))
            await until(lambda: nothing_at_hand(worker))

            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    assert seen.ids == [([before.id],), ([after.id],)]


async def nothing_queued(store: Store) -> bool:
    return not await redis_of(store).zcard(queue.QUEUE)


async def nothing_at_hand(worker: Worker) -> bool:
    return not worker.tasks
