"""What open cases add to the time of a sweep while they are not due. It should be nothing."""

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from bench.cases import open_one
from bench.copies import Original, read_original, write_copies
from bench.figures import Figure, at_most, percentile, ratios
from bench.service import UNLIMITED, BrokenError, Service, database, running_service
from dunning.instants import to_milliseconds
from dunning.jobs import MOST_STEPS
from dunning.rules.case import OPEN_FOR
from dunning.store import Store

SIZES = (1_000, 100_000, 1_000_000)
DUE = 1_000
ROUNDS = 5
# After this long the cases of the last round are due again: longer than the sweep's lease.
NEXT_ROUND = timedelta(seconds=61)


async def measure() -> list[Figure]:
    """Sweep stores of all sizes in turn, each in a database of its own: what slows the machine slows them all.

    The disk is not waited for, which takes each sweep as long, whatever the size, and would hide a difference.
    """
    async with running_service([]) as service:
        now = datetime.now(UTC)
        case, _ = await open_one(service)
        original = await read_original(service.stack.server.url, case)
        stores, memory = {}, {}
        for number, size in enumerate(SIZES, start=1):
            memory[size] = await write_copies(
                database(service, number), original, size, lambda number: _due_at_ms(number, now)
            )
            stores[size] = await _opened(service, number, original, size)
        async with Redis.from_url(service.stack.server.url) as redis:
            await redis.config_set("appendfsync", "no")
        took: dict[int, list[float]] = {size: [] for size in SIZES}
        for number in range(ROUNDS):
            times = await _sweep_all(stores, now + NEXT_ROUND * number)
            for size in SIZES:
                took[size].append(percentile(times[size], 50))
        for store in stores.values():
            await store.close()
    least, most = SIZES[0], SIZES[-1]
    return [
        *(
            Figure(f"a sweep of {MOST_STEPS} cases, {size:,} open, {DUE:,} due, disk apart", "ms", tuple(took[size]))
            for size in SIZES
        ),
        Figure(f"a sweep with {most:,} open against one with {least:,}", "ratio", ratios(took[most], took[least])),
        Figure(f"Redis memory of an open case, of {most:,}", "bytes", (memory[most],), at_most(600)),
    ]


async def _opened(service: Service, number: int, original: Original, size: int) -> Store:
    """Open a store of copies, and see that a copy can be read."""
    store = Store.open(database(service, number), rate_limit=UNLIMITED)
    last = await store.cases.read(original.case_id(size - 1))
    if last is None or not last.is_open:
        raise BrokenError("a copy of a case is none")
    return store


def _due_at_ms(number: int, now: datetime) -> int:
    """Let the first thousand be due, and the others some time in the next 35 days, after the last round is over."""
    if number < DUE:
        return to_milliseconds(now)
    return to_milliseconds(now + NEXT_ROUND * ROUNDS + OPEN_FOR * random.random())  # noqa: S311 - any will do


async def _sweep_all(stores: Mapping[int, Store], at: datetime) -> dict[int, list[float]]:
    """Sweep until nothing is due, and return how many milliseconds each full job took."""
    took: dict[int, list[float]] = {size: [] for size in stores}
    for _ in range(DUE // MOST_STEPS):
        for size, store in stores.items():
            began = time.perf_counter()
            swept = await store.due.sweep(at, calls_per_case=0)
            took[size].append(1000 * (time.perf_counter() - began))
            if swept.moved != MOST_STEPS:
                raise BrokenError(f"a sweep of {size} open cases moved {swept.moved}: {swept.why}")
    for store in stores.values():
        await store.due.sweep(at, calls_per_case=0)  # what is left of the thousand
    return took
