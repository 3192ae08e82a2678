"""What the processes and Redis take at one moment, as the kernel, Redis and asyncio tell it."""

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.service import resident_bytes
from cli.lab.stack import Part
from tests.long_run.judge import OfProcess, Sample, kind_of, may_grow

AT_A_TIME = 500
TASKS_WITHIN_SECONDS = 30.0
POLL_SECONDS = 0.01

_LENGTHS = {b"list": "llen", b"hash": "hlen", b"zset": "zcard", b"set": "scard"}


async def take_sample(
    hour: float,
    opened: int,
    parts: Mapping[str, Part],
    redis: Any,  # noqa: ANN401 - redis-py's annotations are of no use
) -> Sample:
    """Look at everything."""
    processes = {name: await _of_process(part) for name, part in parts.items()}
    sizes, grows_bytes = await _sizes(redis)
    memory = await redis.memory_stats()
    tables = sum(memory["db.0"].values())
    clients = await redis.client_list()
    return Sample(hour, opened, processes, len(clients), memory["total.allocated"] - grows_bytes - tables, sizes)


async def _of_process(part: Part) -> OfProcess:
    pid = part.process.pid
    return OfProcess(resident_bytes(pid), _count(pid, "fd"), _count(pid, "task"), await _tasks(part))


def _count(pid: int, what: str) -> int:
    """Count what the kernel lists of a process: its open files (`fd`) or its threads (`task`)."""
    return len(list(Path(f"/proc/{pid}/{what}").iterdir()))


async def _tasks(part: Part) -> int:
    told = tasks_file(part.log.parent, part.name)
    told.unlink(missing_ok=True)
    part.process.send_signal(signal.SIGUSR1)
    async with asyncio.timeout(TASKS_WITHIN_SECONDS):
        while not told.exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(POLL_SECONDS)
    return int(told.read_text())


def tasks_file(folder: Path, name: str) -> Path:
    """Return where a process writes how many tasks it has."""
    return folder / f"{name}.tasks"


async def _sizes(redis: Any) -> tuple[dict[str, int], int]:  # noqa: ANN401 - as above
    """Count each kind's elements, and add up the bytes of the kinds that may grow."""
    names = [name async for name in redis.scan_iter(count=AT_A_TIME)]
    sizes: Counter[str] = Counter()
    grows_bytes = 0
    for start in range(0, len(names), AT_A_TIME):
        some = names[start : start + AT_A_TIME]
        kinds = [kind_of(name.decode()) for name in some]
        types = await _all(redis, [("type", name) for name in some])
        lengths = [(_LENGTHS.get(of, "exists"), name) for of, name in zip(types, some, strict=True)]
        for kind, length in zip(kinds, await _all(redis, lengths), strict=True):
            sizes[kind] += length
        growing = [name for name, kind in zip(some, kinds, strict=True) if may_grow(kind)]
        grows_bytes += sum(size or 0 for size in await _all(redis, [("memory_usage", name) for name in growing]))
    return dict(sizes), grows_bytes


async def _all(redis: Any, asked: list[tuple[str, bytes]]) -> list[Any]:  # noqa: ANN401 - as above
    async with redis.pipeline(transaction=False) as pipe:
        for command, name in asked:
            getattr(pipe, command)(name)
        answers: list[Any] = await pipe.execute()
    return answers
