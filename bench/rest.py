"""How much memory each process has when nothing happens, as `dunning up` runs them."""

import asyncio
from pathlib import Path

from bench.figures import Figure
from bench.service import BrokenError, resident_bytes, running_service
from cli.lab.ports import free_port

READINGS = 3
SETTLE_SECONDS = 2.0
MEBIBYTE = 1024 * 1024


async def measure() -> list[Figure]:
    """Start them, let them settle, and read what the kernel says."""
    async with running_service([]) as service:
        stack = service.stack
        port = free_port()
        del stack.environment["DUNNING_REDIS_URL"]  # `up` then starts a server of its own
        stack.environment |= {"DUNNING_PORT": str(port), "XDG_STATE_HOME": str(stack.folder)}
        stack.public_url = f"http://127.0.0.1:{port}"
        await stack.run("webhooks", "cli.main", "up")
        await stack.until_ready()
        readings: dict[str, list[float]] = {}
        for _ in range(READINGS):
            await asyncio.sleep(SETTLE_SECONDS)
            for name, pid in _processes(stack.parts["webhooks"].process.pid).items():
                readings.setdefault(name, []).append(resident_bytes(pid) / MEBIBYTE)
    if set(readings) != {"up", "webhooks", "worker", "console", "server"}:
        raise BrokenError(f"`up` runs {', '.join(readings)}")
    return [Figure(f"memory of `{name}` at rest", "MiB", tuple(values)) for name, values in readings.items()]


def _processes(pid: int) -> dict[str, int]:
    """Name `up` and the processes it started, without the shell that guards the server."""
    found = {"up": pid}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
        if "valkey-server" in words[0] or "redis-server" in words[0]:
            found["server"] = int(child)
        for command in ("webhooks", "worker", "console"):
            if command in words:
                found[command] = int(child)
    return found
