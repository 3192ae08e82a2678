"""How many webhooks one process accepts in a second, against a bare aiohttp handler, and against the plain way."""

import asyncio

from redis.asyncio import Redis

from bench.figures import Figure, at_least, at_most, percentile, ratios
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
    """Let all answer in turn, and ours once more at half load, and with a Redis that does not wait for its disk."""
    async with running_service(["webhooks"]) as service:
        bare_port = await start_beside(service, "bench.bare")
        plain_port = await start_beside(service, "bench.plain")
        async with Redis.from_url(service.stack.server.url) as redis:
            ours, bare, plain, half, undelayed = [], [], [], [], []
            for number in range(ROUNDS + 1):
                bodies = [one.body for one in declines(EVENTS if number else WARM_UP)]
                ours.append(await _accepted(service, redis, bodies))
                bare.append(await _load(service, bare_port, bodies * BARE_REPEATS))
                plain.append(await _load(service, plain_port, bodies))
                await redis.flushall()
                half.append(await _accepted(service, redis, bodies, per_second=ours[-1].per_second / 2))
                await redis.config_set("appendfsync", "no")
                undelayed.append(await _accepted(service, redis, bodies))
                await redis.config_set("appendfsync", "always")
    return _figures(ours[1:], bare[1:], plain[1:], half[1:], undelayed[1:])


async def _accepted(service: Service, redis: Redis, bodies: list[bytes], *, per_second: float | None = None) -> Load:
    """Have our process accept all of these, and see that it kept them."""
    load = await _load(service, service.port, bodies, per_second)
    if (noted := await redis.zcard(keys.INBOX)) != len(bodies):
        raise BrokenError(f"{noted} of {len(bodies)} acknowledged events are in the inbox")
    await redis.flushall()
    return load


async def start_beside(service: Service, module: str) -> int:
    """Start what `dunning webhooks` is measured against, and return where it listens."""
    port = free_port()
    await service.stack.run(module, module, "--port", str(port), "--until-stdin-closes")
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return port


async def _load(service: Service, port: int, bodies: list[bytes], per_second: float | None = None) -> Load:
    requests = [request(body, service.secret) for body in bodies]
    load = await put_load("127.0.0.1", port, requests, connections=CONNECTIONS, per_second=per_second)
    if load.refused:
        raise BrokenError(f"{load.refused} of {len(requests)} requests were not answered 200")
    return load


def _figures(
    ours: list[Load], bare: list[Load], plain: list[Load], half: list[Load], undelayed: list[Load]
) -> list[Figure]:
    def latency(loads: list[Load], percent: float) -> tuple[float, ...]:
        return tuple(1000 * percentile(load.latencies_seconds, percent) for load in loads)

    every = (ours, bare, plain, undelayed)
    accepted, answered, plainly, without_disk = ([load.per_second for load in loads] for loads in every)
    return [
        Figure("accepted, against the bare handler", "ratio", ratios(accepted, answered), at_least(0.22)),
        Figure("accepted, against the plain way", "ratio", ratios(accepted, plainly), at_least(1.8)),
        Figure("the same, Redis not waiting for its disk", "ratio", ratios(without_disk, answered)),
        Figure("accepted", "a second", tuple(accepted)),
        Figure("answered by the bare handler", "a second", tuple(answered)),
        Figure("accepted the plain way", "a second", tuple(plainly)),
        Figure("time to the 200 at half of that load, 99 %", "ms", latency(half, 99), at_most(50)),
        Figure(f"time to the 200, {CONNECTIONS} connections, median", "ms", latency(ours, 50)),
        Figure(f"time to the 200, {CONNECTIONS} connections, 99 %", "ms", latency(ours, 99)),
        Figure("the bare handler's, 99 %", "ms", latency(bare, 99)),
        Figure(
            "a core that the client needs to keep the bare handler busy",
            "%",
            tuple(100 * load.client_seconds / load.seconds for load in bare),
        ),
    ]
