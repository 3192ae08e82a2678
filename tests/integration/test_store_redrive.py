import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunning import queue
from dunning.jobs import TIMEOUTS, Job
from dunning.store import Store, inbox, keys
from tests.integration.at_rest import NOW, everything, later, of_transaction, redis_of

LATE = NOW + inbox.HANDLE_WITHIN


async def test_nothing_is_driven_again_while_there_is_time(store: Store) -> None:
    await store.inbox.accept(of_transaction(), NOW)
    before = await everything(redis_of(store))

    redriven = await store.inbox.redrive(later(seconds=14.999))

    assert redriven == 0
    assert await everything(redis_of(store)) == before


async def test_an_event_whose_job_is_lost_is_queued_again(store: Store) -> None:
    lost, fresh = of_transaction(), of_transaction()
    await store.inbox.accept(lost, NOW)
    redis = redis_of(store)
    await redis.delete(queue.QUEUE)
    await store.inbox.accept(fresh, LATE)

    redriven = await store.inbox.redrive(LATE)

    late_ms = LATE.timestamp() * 1000
    assert redriven == 1
    assert await redis.zscore(queue.QUEUE, f"handle_event:{lost.id}") == late_ms
    assert await redis.zscore(keys.INBOX, lost.id) == late_ms
    assert (await redis.get(f"arq:job:handle_event:{lost.id}")).decode() == queue.handle_event_payload(lost.id, LATE)
    assert 0 < await redis.pttl(f"arq:job:handle_event:{lost.id}") <= queue.KEEP_PAYLOAD.total_seconds() * 1000


async def test_a_job_that_is_still_queued_keeps_its_place(store: Store) -> None:
    """In a long queue the oldest would else be sent to its end every few seconds, and a deferred try come at once."""
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    redis = redis_of(store)
    before = await everything(redis)

    redriven = await store.inbox.redrive(LATE)

    assert redriven == 0
    assert await everything(redis) == before


async def test_an_event_is_left_to_its_job_however_long_the_queue_is_and_is_driven_if_it_lost_it(store: Store) -> None:
    """Old jobs that wait say nothing of younger events; what is older than all that wait has none."""
    lost, waiting, younger = of_transaction(), of_transaction(), of_transaction()
    redis = redis_of(store)
    await store.inbox.accept(lost, NOW)
    await redis.delete(queue.QUEUE)
    await store.inbox.accept(waiting, later(seconds=1))
    await store.inbox.accept(younger, later(seconds=2))

    assert await store.inbox.redrive(later(hours=1)) == 1
    assert await redis.zscore(queue.QUEUE, f"handle_event:{lost.id}") is not None
    assert await redis.zcard(queue.QUEUE) == 3


async def test_a_try_put_off_and_a_batch_of_due_cases_keep_no_lost_event_waiting(store: Store) -> None:
    event = of_transaction()
    redis = redis_of(store)
    await store.inbox.accept(event, NOW)
    await redis.delete(queue.QUEUE)
    ahead_ms = (NOW - queue.AHEAD).timestamp() * 1000
    await redis.zadd(queue.QUEUE, {"send_steps:1": ahead_ms, "handle_event:evt_1": later(days=1).timestamp() * 1000})

    assert await store.inbox.redrive(LATE) == 1


async def test_a_mark_is_taken_from_a_run_that_must_be_over_and_from_no_other(store: Store) -> None:
    redis = redis_of(store)
    for number in range(2):
        await store.inbox.accept(of_transaction(), later(milliseconds=number))
    over, running = [queue.MARK_KEY.encode() + job for job in await redis.zrange(queue.QUEUE, 0, -1)]
    left_ms = round((queue.KEEP_MARK - TIMEOUTS[Job.HANDLE_EVENTS]).total_seconds() * 1000)
    await redis.set(over, "1", px=left_ms - 1)
    await redis.set(running, "1", px=left_ms + 5_000)

    await store.inbox.redrive(LATE + inbox.HANDLE_WITHIN)

    assert await redis.exists(over) == 0
    assert await redis.exists(running) == 1


async def test_what_was_driven_again_has_time_again(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)
    await redis_of(store).delete(queue.QUEUE)
    await store.inbox.redrive(LATE)
    await redis_of(store).delete(queue.QUEUE)

    assert await store.inbox.redrive(LATE) == 0
    assert await store.inbox.redrive(LATE + inbox.HANDLE_WITHIN) == 1


@pytest.mark.parametrize("end", ["handled", "dead"])
async def test_an_event_that_is_done_with_is_never_driven_again(either: Store, end: str) -> None:
    event = of_transaction()
    await either.inbox.accept(event, NOW)
    if end == "handled":
        await either.inbox.mark_handled(event.id)
    else:
        await either.inbox.give_up(event.id, "fault", NOW)

    assert await either.inbox.redrive(later(days=1)) == 0


async def test_a_mass_is_driven_again_in_bounded_portions_oldest_first(store: Store) -> None:
    redis = redis_of(store)
    first_ms = int(NOW.timestamp() * 1000) - 10_000
    await redis.zadd(keys.INBOX, {f"evt_{number}": first_ms + number for number in range(inbox.REDRIVE_AT_MOST + 1)})

    portions = [await store.inbox.redrive(LATE) for _ in range(3)]

    assert portions == [inbox.REDRIVE_AT_MOST, 1, 0]
    assert await redis.zcard(queue.QUEUE) == inbox.REDRIVE_AT_MOST + 1


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event_id=st.from_regex(r"[a-z]{1,8}_[A-Za-z0-9]{1,64}", fullmatch=True))
async def test_the_payload_built_by_the_script_is_the_one_that_python_builds(store: Store, event_id: str) -> None:
    redis = redis_of(store)
    await redis.flushall()
    await redis.zadd(keys.INBOX, {event_id: 0})

    await store.inbox.redrive(NOW)

    payload = await redis.get(f"arq:job:handle_event:{event_id}")
    assert payload.decode() == queue.handle_event_payload(event_id, NOW)


@pytest.mark.parametrize(
    "event_id", ["evt_%d%s%1", "evt_u0000", "evt_\\1", 'evt_"', "evt_٣", "evt_ARGV[1]", "evt_0000001e5"]
)
async def test_an_id_that_looks_hostile_stays_one_argument(store: Store, event_id: str) -> None:
    """No such id passes the door; if one ever did, it would at worst be a payload that can't be read."""
    redis = redis_of(store)
    await redis.zadd(keys.INBOX, {event_id: 0})

    await store.inbox.redrive(NOW)

    payload = await redis.get(f"arq:job:handle_event:{event_id}")
    assert event_id in payload.decode()
    assert await redis.zrange(queue.QUEUE, 0, -1) == [f"handle_event:{event_id}".encode()]
    if "\\" not in event_id and '"' not in event_id:
        assert json.loads(payload)["a"] == [event_id]
