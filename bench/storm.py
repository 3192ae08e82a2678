"""Thousands of mails due at once: how few API calls each of them takes.

The renewals are declined first, and their webhooks handled; then the clock goes on by three hours, and the first step
of all of them is due.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from redis.asyncio import Redis

from bench.figures import Figure, at_most
from bench.load import put_load
from bench.notifications import request
from bench.service import BrokenError, Service, running_service, until_logged
from cli.lab.clock import ShiftedClock
from dunning.store import keys

ROUNDS = 3
DECLINES = 3_000
# Declined, signed and sent at a time: a signature is good for a minute.
CHUNK = 1_000
CONNECTIONS = 16
WITHIN_SECONDS = 240.0
POLL_SECONDS = 0.1
# The shipped campaign's first mail after a hard decline goes out after two.
PASS = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of one. `calls` is for each mail, `repeated` are mails beyond each customer's first."""

    calls: float
    mails_per_second: float
    repeated: float


async def measure() -> list[Figure]:
    """Let some storms come, each over a service of its own. Calls have no limit: they are what counts."""
    storms = [await _storm() for _ in range(ROUNDS)]
    return [
        Figure(
            f"API calls for a mail of {DECLINES:,} due at once",
            "calls",
            tuple(one.calls for one in storms),
            at_most(0.045),
        ),
        Figure("those mails, by one worker", "a second", tuple(one.mails_per_second for one in storms)),
        Figure("mails that a customer got twice", "mails", tuple(one.repeated for one in storms), at_most(0)),
    ]


async def _storm() -> Storm:
    """Open cases, let the time pass, and count."""
    with tempfile.TemporaryDirectory() as folder:
        clock = ShiftedClock(Path(folder) / "ahead")
        async with running_service(["webhooks", "worker"], clock=clock) as service:
            await open_cases(service, clock, DECLINES)
            # A worker that begins asks Paddle for what it missed. Those calls are no mail's.
            await until_logged(service, "worker", "reconcile.done")
            called, began = service.twin.counts.total(), time.perf_counter()
            clock.forward_to(clock() + PASS)
            mails = await service.mailbox.wait_for(DECLINES, within_seconds=WITHIN_SECONDS)
            seconds = time.perf_counter() - began
            calls = service.twin.counts.total() - called
    if len({mail.recipients for mail in mails}) != DECLINES:
        raise BrokenError("not every customer got a mail")
    return Storm(calls / DECLINES, DECLINES / seconds, float(len(mails) - DECLINES))


async def open_cases(service: Service, clock: Callable[[], datetime], count: int) -> None:
    """Decline so many renewals, and wait until each has its case."""
    for first in range(0, count, CHUNK):
        bodies = [body for number in range(first, min(first + CHUNK, count)) for body in service.decline(number)]
        requests = [request(body, service.secret, at=clock()) for body in bodies]
        load = await put_load("127.0.0.1", service.port, requests, connections=CONNECTIONS)
        if load.refused:
            raise BrokenError(f"{load.refused} of {len(requests)} webhooks were refused")
    async with asyncio.timeout(WITHIN_SECONDS), Redis.from_url(service.stack.server.url) as redis:
        while await redis.zcard(keys.INBOX):  # noqa: ASYNC110 - the worker is another process
            await asyncio.sleep(POLL_SECONDS)
        if (opened := await redis.zcard(keys.DUE)) != count:
            raise BrokenError(f"{opened} of {count} cases were opened")
