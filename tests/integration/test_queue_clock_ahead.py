"""arq goes by real time. Whoever queues with a clock that is ahead, skewed or run forward, must not delay a job."""

from datetime import timedelta

from dunning import queue
from dunning.store import Store, keys
from tests.integration.at_rest import of_transaction, redis_of
from tests.integration.test_queue_worker import Seen, work_off
from worker.services import utc_now

AHEAD = timedelta(days=27)


async def test_an_event_accepted_ahead_of_time_is_handled_at_once(store: Store, redis_url: str) -> None:
    event, seen = of_transaction(), Seen()
    await store.inbox.accept(event, utc_now() + AHEAD)

    await work_off(redis_url, seen.run)

    assert seen.ids == [([event.id],)]


async def test_a_batch_swept_ahead_of_time_is_handed_over_at_once(store: Store, redis_url: str) -> None:
    seen = Seen()
    await redis_of(store).zadd(keys.DUE, {"txn_1": 1})
    await store.due.sweep(utc_now() + AHEAD, calls_per_case=0)

    await work_off(redis_url, seen.run)

    assert [case_ids for case_ids, _ in seen.ids] == [["txn_1"]]


async def test_an_event_driven_again_ahead_of_time_runs_at_once(store: Store, redis_url: str) -> None:
    event, seen = of_transaction(), Seen()
    await store.inbox.accept(event, utc_now())
    await redis_of(store).delete(queue.QUEUE)
    await store.inbox.redrive(utc_now() + AHEAD)

    await work_off(redis_url, seen.run)

    assert seen.ids == [(event.id,)]
