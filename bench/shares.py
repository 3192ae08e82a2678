"""Where the time of accepting a webhook goes: what `dunning webhooks` is at, looked at many times while under load."""

import asyncio
import json
import signal

from redis.asyncio import Redis

from bench.accept import CONNECTIONS
from bench.figures import Figure
from bench.load import put_load
from bench.notifications import declines, request
from bench.sampled import SHARES
from bench.service import BrokenError, running_service

ROUNDS = 3
EVENTS = 8_000
ENOUGH_SAMPLES = 100


async def measure() -> list[Figure]:
    """Put load on it, and read what it found itself at."""
    async with running_service([]) as service:
        results = service.stack.folder / "samples.json"
        process = (await service.stack.run("webhooks", "bench.sampled", str(results))).process
        await service.stack.until_ready()
        async with Redis.from_url(service.stack.server.url) as redis:
            for _ in range(ROUNDS):
                requests = [request(one.body, service.secret) for one in declines(EVENTS)]
                process.send_signal(signal.SIGUSR1)  # a new round
                load = await put_load("127.0.0.1", service.port, requests, connections=CONNECTIONS)
                if load.refused:
                    raise BrokenError(f"{load.refused} of {EVENTS} webhooks were refused")
                await redis.execute_command("FLUSHALL", "SYNC")
        process.terminate()
        await asyncio.wait_for(process.wait(), 60)
        rounds: list[dict[str, int]] = json.loads(results.read_text())
    if len(rounds) != ROUNDS or min(sum(one.values()) for one in rounds) < ENOUGH_SAMPLES:
        raise BrokenError("too few samples were taken")
    return [Figure(name, "%", tuple(100 * one.get(name, 0) / sum(one.values()) for one in rounds)) for name in SHARES]
