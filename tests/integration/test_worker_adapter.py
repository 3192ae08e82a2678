"""What arq does with a job that fails, and what our adapter makes of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from arq.connections import ArqRedis
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func
from redis.exceptions import ConnectionError as RedisConnectionError

from dunning import queue
from dunning.errors import CaseConflictError, PermanentError, TransientError
from dunning.store import Patience, connection_pool
from worker.adapter import TRIES_OF_A_FAULT, adapt
from worker.main import ARQ_TRIES

JOB = "handle_event:evt_1"


@dataclass
class Work:
    """A job that fails with these errors, one a run, and then succeeds."""

    errors: list[Exception]
    runs: int = 0
    given_up: list[str] = field(default_factory=list)

    async def run(self, _services: object, _event_id: str) -> None:
        """Fail as planned."""
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)

    async def give_up(self, _services: object, _event_id: str, reason: str) -> None:
        """Note why."""
        self.given_up.append(reason)


async def test_arq_itself_deletes_a_job_that_raises(redis_url: str) -> None:
    work = Work([ValueError("a fault")])

    async def bare(_ctx: dict[Any, Any], event_id: str) -> None:
        await work.run(None, event_id)

    left = await _run_all(redis_url, bare)
    assert (work.runs, left) == (1, 0)


@pytest.mark.parametrize(
    "error",
    [
        TransientError("Paddle is away"),
        RedisConnectionError(),
        OSError(),
        CaseConflictError("written"),
        ValueError("!"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_may_work_later_is_run_again(redis_url: str, error: Exception) -> None:
    work = Work([error])
    await _run_all(redis_url, adapt(work.run, work.give_up))
    assert work.runs == 2
    assert work.given_up == []


async def test_what_never_works_is_given_up_at_once_with_its_reason(redis_url: str) -> None:
    work = Work([PermanentError("it has no time")])
    await _run_all(redis_url, adapt(work.run, work.give_up))
    assert work.runs == 1
    assert work.given_up == ["it has no time"]


async def test_a_fault_that_hits_every_time_is_given_up_and_names_no_values(redis_url: str) -> None:
    work = Work([ValueError("ada@customer.example")] * 2)
    await _run_all(redis_url, adapt(work.run, work.give_up), tries=TRIES_OF_A_FAULT - 1)
    assert work.runs == 1
    assert work.given_up == ["fault: ValueError"]


async def test_an_outage_is_never_given_up(redis_url: str) -> None:
    work = Work([TransientError("away")])
    await _run_all(redis_url, adapt(work.run, work.give_up), tries=TRIES_OF_A_FAULT + 100, at_most_runs=1)
    assert work.given_up == []


async def _run_all(
    redis_url: str,
    coroutine: WorkerCoroutine | Callable[..., Awaitable[None]],
    *,
    tries: int = 0,
    at_most_runs: int = -1,
) -> int:
    """Run one job until the queue is empty, and return how many jobs are left."""
    redis: ArqRedis = queue.arq_redis(connection_pool(redis_url, Patience.LITTLE))
    await redis.enqueue_job("job", "evt_1", _job_id=JOB)
    if tries:
        await redis.set(f"arq:retry:{JOB}", tries)
    worker = Worker(
        [func(coroutine, name="job")],  # type: ignore[arg-type] # a bare coroutine has all arq needs
        redis_pool=redis,
        queue_name=queue.QUEUE,
        burst=True,
        max_burst_jobs=at_most_runs,
        max_tries=ARQ_TRIES,
        keep_result=0,
        poll_delay=0.01,
        handle_signals=False,
        job_serializer=queue.serialize,
        job_deserializer=queue.deserialize,
        ctx={"services": None},
    )
    await worker.async_run()
    left: int = await redis.zcard(queue.QUEUE)
    await worker.close()
    return left
