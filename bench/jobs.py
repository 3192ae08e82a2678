"""How many events one worker handles in a second: together, one job an event, and against jobs that do nothing."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from redis.asyncio import Redis

from bench.figures import Figure, at_least, ratios
from bench.notifications import declines
from bench.service import BrokenError, Service, running_service
from dunning import queue
from dunning.paddle.events import Event, parse_envelope, read_json
from dunning.paddle.projection import project
from dunning.store import Store, keys

ROUNDS = 3
EVENTS = 1_500
WITHIN_SECONDS = 120


async def measure() -> list[Figure]:
    """Let all work off as many, in turn."""
    async with running_service([]) as service:
        redis = Redis.from_url(service.stack.server.url)
        together: list[float] = []
        alone: list[float] = []
        done: list[float] = []
        for _ in range(ROUNDS):
            for handled, each in ((together, False), (alone, True)):
                handled.append(EVENTS / await work_off(service, declined(EVENTS), alone=each))
                if (opened := await redis.zcard(keys.DUE)) != EVENTS:
                    raise BrokenError(f"{opened} of {EVENTS} cases were opened")
                await redis.execute_command("FLUSHALL", "SYNC")
            done.append(EVENTS / await work_off(service, declined(EVENTS), alone=True, no_op=True))
            await redis.execute_command("FLUSHALL", "SYNC")
        await redis.aclose()
    return [
        Figure(
            "events handled, each opening a case, against jobs that do nothing",
            "ratio",
            ratios(together, done),
            at_least(2.0),
        ),
        Figure("events handled, against one job an event", "ratio", ratios(together, alone)),
        Figure("events handled", "a second", tuple(together)),
        Figure("events handled, one job an event", "a second", tuple(alone)),
        Figure("jobs that do nothing", "a second", tuple(done)),
    ]


def declined(count: int) -> list[Event]:
    """Make so many declined renewals, as the inbox keeps them."""
    payloads = [read_json(one.body) for one in declines(count)]
    return [project(payload, parse_envelope(payload)) for payload in payloads]


async def work_off(service: Service, events: Sequence[Event], *, alone: bool = False, no_op: bool = False) -> float:
    """Take the events in, let a worker handle them or do nothing for each, and return the seconds that took it.

    Args:
        service: whose Redis it is.
        events: what happened.
        alone: whether each is a job of its own.
        no_op: whether those jobs do nothing.
    """
    store = Store.open(service.stack.server.url, rate_limit=1)
    now = datetime.now(UTC)
    await asyncio.gather(*(store.inbox.accept(event, now) for event in events))
    async with Redis.from_url(service.stack.server.url) as redis:
        if alone:
            await redis.delete(queue.QUEUE)
            await store.inbox.drive_alone([event.id for event in events], now)
        if no_op:
            await redis.delete(keys.INBOX)  # nothing would ever leave it, and what stays is queued again
    await store.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "bench.drain", *(["--no-op"] if no_op else [])),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=service.stack.environment,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), WITHIN_SECONDS)
    if process.returncode != 0:
        raise BrokenError(f"the worker ended with {process.returncode}")
    return float(printed)
