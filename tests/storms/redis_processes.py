"""Redis as processes: one server, or a master with its replica and a sentinel, and all that can be done to them."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from cli.lab.ports import free_port
from dunning.store.server.embedded import CONFIGURATION, find_server
from tests.storms.guard import Guard
from tests.until import until

SERVICE = "renewals"
# A server that stands still, or that is killed and started again, is not taken for one that is gone.
DOWN_AFTER_MS = 5000
SENTINEL = """\
port {port}
bind 127.0.0.1
dir "{folder}"
sentinel monitor {service} 127.0.0.1 {master} 1
sentinel down-after-milliseconds {service} {down_after}
sentinel failover-timeout {service} 5000
"""
START_WITHIN_SECONDS = 30.0


class RedisProcess:
    """One server, configured as ours is."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.port = free_port()
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self.client: Any = Redis(port=self.port)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self.kill()  # also whoever watched over one that has ended by itself
        configuration = CONFIGURATION.format(port=self.port, socket=self.folder / "redis.sock", folder=self.folder)
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it takes no time
            [find_server(), "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
            restore_signals=False,  # where its file may not grow, it is to be told so, and not to be killed
        )
        assert self._process.stdin is not None
        self._process.stdin.write(configuration.encode())
        self._process.stdin.close()
        self._guard = Guard(self._process.pid)
        await until(self.answers, within_seconds=START_WITHIN_SECONDS)

    async def answers(self) -> bool:
        """Tell whether it does."""
        with contextlib.suppress(RedisError, OSError):
            return bool(await self.client.ping())
        return False

    def stop(self) -> None:
        """Let it stand still."""
        if self._process is not None and self.lives:
            self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        if self._process is not None and self.lives:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without any warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._guard is not None:
            self._guard.let_go()
            self._guard = None

    def fill_disk(self) -> None:
        """Let its files grow no more."""
        if self._process is not None and self.lives:
            size = max((file.stat().st_size for file in self._logs()), default=0)
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def empty_disk(self) -> None:
        """Let its files grow again."""
        if self._process is not None and self.lives:
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, unlimited)

    def tear(self, size: int) -> int:
        """Cut so many bytes off the end of its log, and return how many are left. Only while it does not run."""
        (log,) = self._logs()
        left = max(0, log.stat().st_size - size)
        os.truncate(log, left)
        return left

    def log_size(self) -> int:
        """Return how long its log is."""
        return sum(file.stat().st_size for file in self._logs())

    async def close(self) -> None:
        """End it for good."""
        self.kill()
        await self.client.aclose()

    def _logs(self) -> list[Path]:
        return sorted(self.folder.glob("appendonlydir/*.incr.aof"))


class RedisHouse:
    """The Redis of a storm, by whatever address the service knows it."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, guarded: bool) -> None:
        self.master = RedisProcess(folder / "master", environment)
        self.replica = RedisProcess(folder / "replica", environment) if guarded else None
        self._folder = folder
        self._sentinel: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._sentinel_port = free_port()
        self._sizes: list[tuple[float, int]] = []

    @property
    def url(self) -> str:
        """What to give `DUNNING_REDIS_URL`."""
        if self.replica is None:
            return self.master.url
        return f"redis+sentinel://127.0.0.1:{self._sentinel_port}/{SERVICE}"

    async def start(self) -> None:
        """Start everything."""
        await self.master.start()
        if self.replica is None:
            return
        await self.replica.start()
        await self.replica.client.replicaof("127.0.0.1", self.master.port)
        file = self._folder / "sentinel.conf"
        values = {"port": self._sentinel_port, "folder": self._folder, "service": SERVICE}
        file.write_text(SENTINEL.format(**values, master=self.master.port, down_after=DOWN_AFTER_MS))
        self._sentinel = subprocess.Popen(  # noqa: ASYNC220 - same
            [find_server(), str(file), "--sentinel"], stdout=subprocess.DEVNULL, start_new_session=True
        )
        self._guard = Guard(self._sentinel.pid)
        await until(self._knows_the_replica, within_seconds=START_WITHIN_SECONDS)

    async def close(self) -> None:
        """End everything."""
        if self._sentinel is not None:
            self._sentinel.kill()
            self._sentinel.wait()
        if self._guard is not None:
            self._guard.let_go()
        for one in (self.master, self.replica):
            if one is not None:
                await one.close()

    def note_size(self) -> None:
        """Note how long the log is now, to know later when it was as long as what is left of it."""
        with contextlib.suppress(OSError):
            self._sizes.append((time.monotonic(), self.master.log_size()))

    def when_it_was(self, size: int) -> float:
        """Return when the log was this long, by the monotonic clock."""
        return max((at for at, was in self._sizes if was <= size), default=0.0)

    async def fall_behind(self) -> None:
        """Let the replica hear nothing more."""
        assert self.replica is not None
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        await self.replica.client.replicaof("127.0.0.1", port)

    async def fail_over(self) -> None:
        """Let the master die, and the replica take its place."""
        assert self.replica is not None
        self.master.kill()
        await until(self._has_failed_over, within_seconds=120)
        await self.master.close()
        self.master, self.replica = self.replica, None

    async def _knows_the_replica(self) -> bool:
        sentinel: Any
        async with Redis(port=self._sentinel_port, decode_responses=True) as sentinel:
            with contextlib.suppress(RedisError, OSError):
                found = await sentinel.execute_command("SENTINEL", "REPLICAS", SERVICE)
                told = [dict(zip(one[::2], one[1::2], strict=True)) for one in found]
                return any((one["flags"], one["master-link-status"]) == ("slave", "ok") for one in told)
        return False

    async def _has_failed_over(self) -> bool:
        assert self.replica is not None
        with contextlib.suppress(RedisError, OSError):
            return bool((await self.replica.client.info("replication"))["role"] == "master")
        return False
