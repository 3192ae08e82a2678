"""The first hour of a long run: every process tells what it takes, and every key is one of the table."""

import pytest

from dunning.queue import QUEUE
from tests.long_run.day import DECLINES, SAMPLE_EVERY, beginning
from tests.long_run.judge import OfProcess, is_known

# The library's own, which it takes away itself.
ARQS = ("arq:", QUEUE)


@pytest.mark.timeout(300)
async def test_an_hour_is_looked_at() -> None:
    async with beginning() as day:
        (sample,) = [one async for one in day.play(SAMPLE_EVERY, lambda _: None)]
        mails = len(day.mailbox.mails)

    assert sample.opened == DECLINES * SAMPLE_EVERY
    assert mails >= sample.opened
    assert set(sample.processes) == {"webhooks", "worker", "console"}
    for process in sample.processes.values():
        assert process > OfProcess(memory_bytes=10_000_000, files=0, threads=0, tasks=0)
        assert process.tasks > 1
    assert sample.redis_memory_bytes > 0
    assert sample.redis_clients > 1
    assert sample.sizes["dunning:case:{txn}"] == sample.opened
    assert [kind for kind in sample.sizes if not is_known(kind) and not kind.startswith(ARQS)] == []
