"""How long each command takes from its start until it is of use."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from bench.figures import Figure
from bench.service import BrokenError, Service, running_service, until_logged
from cli.lab.ports import free_port

ROUNDS = 5
WITHIN_SECONDS = 60


async def measure() -> list[Figure]:
    """Start each command several times, one after the other."""
    async with running_service([]) as service:
        return [
            Figure("`dunning --help`, until it ends", "s", await _repeat(lambda: _whole(service, "--help"))),
            Figure("`dunning link`, until its links are printed", "s", await _link(service)),
            Figure("`dunning webhooks`, until it is ready", "s", await _repeat(lambda: _webhooks(service))),
            Figure("`dunning worker`, until it works", "s", await _repeat(lambda: _worker(service))),
            Figure("`dunning up`, until both of its processes are", "s", await _repeat(lambda: _up(service))),
        ]


async def _repeat(once: Callable[[], Awaitable[float]]) -> tuple[float, ...]:
    return tuple([await once() for _ in range(ROUNDS)])


async def _whole(service: Service, *words: str) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "cli.main", *words),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=service.stack.environment,
    )
    code = await asyncio.wait_for(process.wait(), WITHIN_SECONDS)
    if code != 0:
        raise BrokenError(f"`dunning {words[0]}` ended with {code}")
    return time.perf_counter() - began


async def _link(service: Service) -> tuple[float, ...]:
    customer_id = service.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    service.twin.world.add_subscription(customer_id)
    return await _repeat(lambda: _whole(service, "link", customer_id))


async def _webhooks(service: Service) -> float:
    began = time.perf_counter()
    part = await service.stack.start("webhooks")
    await service.stack.until_ready()
    took = time.perf_counter() - began
    await part.stop()
    return took


async def _worker(service: Service) -> float:
    began = time.perf_counter()
    part = await service.stack.start("worker")
    await until_logged(service, "worker", "worker.started")
    took = time.perf_counter() - began
    await part.stop()
    part.log.unlink()
    return took


async def _up(service: Service) -> float:
    stack = service.stack
    with_server = stack.environment.copy()
    del stack.environment["DUNNING_REDIS_URL"]  # `up` then starts a server of its own
    stack.environment |= {"DUNNING_PORT": str(free_port()), "XDG_STATE_HOME": str(stack.folder)}
    stack.public_url = f"http://127.0.0.1:{service.port}"
    began = time.perf_counter()
    part = await stack.run("webhooks", "cli.main", "up")
    await asyncio.gather(stack.until_ready(), until_logged(service, "webhooks", "worker.started"))
    took = time.perf_counter() - began
    await part.stop()
    part.log.unlink()
    stack.environment = with_server
    return took
