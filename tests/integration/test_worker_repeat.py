import asyncio
from datetime import timedelta

from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from worker.repeat import repeat


async def test_what_fails_is_done_again_and_only_a_fault_of_ours_is_logged() -> None:
    failures: list[Exception] = [RedisConnectionError("away"), ValueError("a fault")]
    done = asyncio.Event()

    async def work() -> None:
        if failures:
            raise failures.pop(0)
        done.set()

    with capture_logs() as logs:
        repeating = asyncio.create_task(repeat(work, timedelta(0), "work.fault"))
        await asyncio.wait({repeating, waiting := asyncio.create_task(done.wait())}, return_when="FIRST_COMPLETED")
        repeating.cancel()
        waiting.cancel()
        await asyncio.gather(repeating, waiting, return_exceptions=True)

    assert done.is_set()
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("work.fault", "error")]
