"""How many webhooks one process accepts in a second, against a bare aiohttp handler that reads the same bodies."""

import asyncio

from redis.asyncio import Redis

from bench.figures import Figure, at_least, percentile, ratios
from bench.load import Load, put_load
from bench.notifications import declines, request
from bench.service import BrokenError, Service, running_service
from cli.lab.ports import free_port
from dunning.store import keys

ROUNDS = 5
EVENTS = 4_000
# The bare handler gets them several times over, so that both work for about as long.
BARE_REPEATS = 4
CONNECTIONS = 32
WARM_UP = 500


async def measure() -> list[Figure]:
    """Let both answer in turn, and ours once more with a Redis that does not wait for its disk."""
    async with running_service(["webhooks"]) as service:
        bare_port = await _start_bare(service)
        async with Redis.from_url(service.stack.server.url) as redis:
            ours, bare, undelayed = [], [], []
            for number in range(ROUNDS + 1):
                bodies = [one.body for one in declines(EVENTS if number else WARM_UP)]
                ours.append(await _accepted(service, redis, bodies))
                bare.append(await _load(service, bare_port, bodies * BARE_REPEATS))
                await redis.config_set("appendfsync", "no")
                undelayed.append(await _accepted(service, redis, bodies))
                await redis.config_set("appendfsync", "always")
    return _figures(ours[1:], bare[1:], undelayed[1:], len(bodies[0]))


async def _accepted(service: Service, redis: Redis, bodies: list[bytes]) -> Load:
    """Have our process accept all of these, and see that it kept them."""
    load = await _load(service, service.port, bodies)
    if (noted := await redis.zcard(keys.INBOX)) != len(bodies):
        raise BrokenError(f"{noted} of {len(bodies)} acknowledged events are in the inbox")
    await redis.flushall()
    return load


async def _start_bare(service: Service) -> int:
    port = free_port()
    await service.stack.run("bare", "bench.bare", "--port", str(port), "--until-stdin-closes")
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return port


async def _load(service: Service, port: int, bodies: list[bytes]) -> Load:
    requests = [request(body, service.secret) for body in bodies]
    load = await put_load("127.0.0.1", port, requests, connections=CONNECTIONS)
    if load.refused:
        raise BrokenError(f"{load.refused} of {len(requests)} requests were not answered 200")
    return load


def _figures(ours: list[Load], bare: list[Load], undelayed: list[Load], body_bytes: int) -> list[Figure]:
    def latency(loads: list[Load], percent: float) -> tuple[float, ...]:
        return tuple(1000 * percentile(load.latencies_seconds, percent) for load in loads)

    accepted, answered, without_disk = ([load.per_second for load in loads] for loads in (ours, bare, undelayed))
    return [
        Figure("accepted, against the bare handler", "ratio", ratios(accepted, answered), at_least(0.4)),
        Figure("the same, Redis not waiting for its disk", "ratio", ratios(without_disk, answered)),
        Figure(f"accepted, bodies of {body_bytes:,} bytes", "a second", tuple(accepted)),
        Figure("answered by the bare handler", "a second", tuple(answered)),
        Figure(f"time to the 200, {CONNECTIONS} connections, median", "ms", latency(ours, 50)),
        Figure(f"time to the 200, {CONNECTIONS} connections, 99 %", "ms", latency(ours, 99)),
        Figure("the bare handler's, 99 %", "ms", latency(bare, 99)),
        Figure(
            "a core that the client needs to keep the bare handler busy",
            "%",
            tuple(100 * load.client_seconds / load.seconds for load in bare),
        ),
    ]
