"""Redis is killed ten times under load: how many webhooks were answered 200 and are nowhere afterwards."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from arq.constants import job_key_prefix
from redis.asyncio import Redis

from bench.accept import CONNECTIONS, start_beside
from bench.figures import Figure, at_most
from bench.load import put_load
from bench.notifications import declines, request
from bench.service import Service, running_service
from dunning.paddle.events import parse_envelope, read_json
from dunning.store import keys

KILLS = 10
EVENTS = 1_500
# When Redis is killed after the load has begun: later each time, by so much.
LATER_SECONDS = 0.04

Held = Callable[[Redis], Awaitable[set[bytes]]]


async def measure() -> list[Figure]:
    """Kill it under ours, and under the plain way."""
    async with running_service(["webhooks"]) as service:
        ours, acknowledged = await _lost(service, service.port, _ours)
        plainly, acknowledged_plainly = await _lost(service, await start_beside(service, "bench.plain"), _plain)
    return [
        Figure(f"lost, of {acknowledged:,} answered 200", "webhooks", (float(ours),), at_most(0)),
        Figure(f"lost the plain way, of {acknowledged_plainly:,}", "webhooks", (float(plainly),)),
    ]


async def _lost(service: Service, port: int, held: Held) -> tuple[int, int]:
    """Return how many were lost, and of how many that were acknowledged."""
    lost = acknowledged = 0
    for number in range(KILLS):
        bodies = [one.body for one in declines(EVENTS)]
        requests = [request(body, service.secret) for body in bodies]
        putting = asyncio.create_task(put_load("127.0.0.1", port, requests, connections=CONNECTIONS))
        await asyncio.sleep(LATER_SECONDS * (number + 1))
        os.kill(service.stack.server.pid, signal.SIGKILL)
        await asyncio.to_thread(service.stack.server.stop)
        await asyncio.to_thread(service.stack.server.start)
        load = await putting
        told = {parse_envelope(read_json(body)).event_id for body in bodies}
        told -= {parse_envelope(read_json(bodies[place])).event_id for place in load.refused_ones}
        async with Redis.from_url(service.stack.server.url) as redis:
            kept = await held(redis)
            lost += sum(not any(event_id.encode() in one for one in kept) for event_id in told)
            await redis.flushall()
        acknowledged += len(told)
    return lost, acknowledged


async def _ours(redis: Redis) -> set[bytes]:
    return set(await redis.zrange(keys.INBOX, 0, -1))


async def _plain(redis: Redis) -> set[bytes]:
    names = await redis.keys(f"{job_key_prefix}*")
    return set(await redis.mget(names)) if names else set()
