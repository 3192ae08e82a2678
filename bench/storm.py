"""Thousands of mails due at once: how few API calls each of them takes.

The renewals are declined first, and their webhooks handled; then the clock goes on by three hours, and the first step
of all of them is due.
"""

import asyncio
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from redis.asyncio import Redis

from bench.figures import Figure, at_most
from bench.load import put_load
from bench.notifications import request
from bench.service import BrokenError, Service, running_service
from cli.shifted_clock import ShiftedClock
from dunning.store import keys

ROUNDS = 3
DECLINES = 3_000
CONNECTIONS = 16
WITHIN_SECONDS = 240.0
POLL_SECONDS = 0.1
# The shipped campaign's first mail after a hard decline goes out after two.
PASS = timedelta(hours=3)


async def measure() -> list[Figure]:
    """Open cases, let the time pass, and count, again and again. Calls have no limit: they are what counts."""
    calls, rates = [], []
    with tempfile.TemporaryDirectory() as folder:
        clock = ShiftedClock(Path(folder) / "ahead")
        async with running_service(["webhooks", "worker"], clock=clock) as service:
            for number in range(ROUNDS):
                await _open(service, clock, range(DECLINES * number, DECLINES * (number + 1)))
                called, began = service.twin.counts.total(), time.perf_counter()
                clock.forward_to(clock() + PASS)
                mails = await service.mailbox.wait_for(DECLINES * (number + 1), within_seconds=WITHIN_SECONDS)
                rates.append(DECLINES / (time.perf_counter() - began))
                calls.append((service.twin.counts.total() - called) / DECLINES)
    if len({mail.recipients for mail in mails}) != DECLINES * ROUNDS:
        raise BrokenError("not every customer got a mail")
    return [
        Figure(f"API calls for a mail of {DECLINES:,} due at once", "calls", tuple(calls), at_most(0.2)),
        Figure("those mails, by one worker", "a second", tuple(rates)),
        Figure("customers who got more than one", "customers", (float(len(mails) - DECLINES * ROUNDS),), at_most(0)),
    ]


async def _open(service: Service, clock: ShiftedClock, numbers: range) -> None:
    bodies = [body for number in numbers for body in service.decline(number)]
    requests = [request(body, service.secret, at=clock()) for body in bodies]
    load = await put_load("127.0.0.1", service.port, requests, connections=CONNECTIONS)
    if load.refused:
        raise BrokenError(f"{load.refused} of {len(requests)} webhooks were refused")
    async with asyncio.timeout(WITHIN_SECONDS), Redis.from_url(service.stack.server.url) as redis:
        while await redis.zcard(keys.INBOX):  # noqa: ASYNC110 - the worker is another process
            await asyncio.sleep(POLL_SECONDS)
        if (opened := await redis.zcard(keys.DUE)) != numbers.stop:
            raise BrokenError(f"{opened} of {numbers.stop} cases were opened")
