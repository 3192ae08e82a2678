"""Lists the cases that versions before this one wrote: once when it is new, and daily, since both may run for a while.

What this version writes is listed as it is written: `dunning.store.lists`.
"""

import asyncio
from datetime import timedelta

from worker.repeat import repeat
from worker.services import WorkerServices

LOOK_EVERY = timedelta(minutes=1)
# A million cases take minutes, and everything else goes first.
REST = timedelta(seconds=0.05)


async def list_cases_forever(services: WorkerServices) -> None:
    """List them whenever it is time, until canceled. Of several workers, only one does it."""

    async def work() -> None:
        if await services.store.lists.take_turn():
            await list_cases(services)

    await repeat(work, LOOK_EVERY, "lists.fault")


async def list_cases(services: WorkerServices) -> None:
    """List all that there are."""
    lists = services.store.lists
    async for places in lists.all_cases():
        reads = await services.store.cases.read_versioned([one.case_id for one in places]) if places else []
        cases = [(read.case, place) for read, place in zip(reads, places, strict=True) if read.case is not None]
        await lists.add(cases, services.clock())
        await asyncio.sleep(REST.total_seconds())
    await lists.end_turn()
