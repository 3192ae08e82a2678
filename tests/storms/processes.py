"""The service of a storm: receivers behind a load balancer, and workers, each a process with a clock of its own."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession

from cli.lab.ports import free_port
from cli.lab.stack import Part
from tests.storms.clocks import Clocks
from tests.storms.guard import Guard
from tests.until import until

RECEIVER, WORKER = "receiver", "worker"
COMMANDS = {RECEIVER: "webhooks", WORKER: "worker"}
START_WITHIN_SECONDS = 90.0
STARTED = b'"worker.started"'


class Processes:
    """Starts, stops and kills them. Whoever is being killed or started is left to that."""

    def __init__(
        self, folder: Path, clocks: Clocks, environment: Mapping[str, str], http: ClientSession, numbers: dict[str, int]
    ) -> None:
        self.ends: dict[str, int | None] = {}
        self.names = [f"{kind} {number}" for kind, count in numbers.items() for number in range(count)]
        self._folder = folder
        self._clocks = clocks
        self._environment = environment
        self._http = http
        self._ports = {name: free_port() for name in self.names if name.startswith(RECEIVER)}
        self._parts: dict[str, Part] = {}
        self._busy = {name: asyncio.Lock() for name in self.names}
        self._chance = random.Random(0)  # noqa: S311 - whom the load balancer chooses is no secret

    def receiver(self) -> tuple[str, int]:
        """Choose a receiver, as a load balancer does that does not know who lives."""
        return "127.0.0.1", self._chance.choice(list(self._ports.values()))

    def of(self, kind: str, target: int) -> str:
        """Return the name of one of a kind."""
        names = [name for name in self.names if name.startswith(kind)]
        return names[target % len(names)]

    async def start_all(self) -> None:
        """Start everybody, and wait until they work."""
        await asyncio.gather(*map(self._start, self.names))
        await self.until_they_work()

    async def until_they_work(self) -> None:
        """Wait until each takes work."""
        for name in self.names:
            await until(lambda name=name: self._works(name), within_seconds=START_WITHIN_SECONDS)  # type: ignore[misc] # mypy infers no lambda with a default

    async def kill(self, name: str, restart_after: float) -> None:
        """Kill one, and start it again."""
        async with self._busy[name]:
            self._parts[name].process.kill()
            await self._parts[name].process.wait()
            await asyncio.sleep(restart_after)
            await self._start(name)

    async def stand_still(self, name: str, seconds: float) -> None:
        """Let one stand still for a while."""
        async with self._busy[name]:
            guard = Guard(self._parts[name].process.pid)
            try:
                self._signal(name, signal.SIGSTOP)
                await asyncio.sleep(seconds)
            finally:
                self._signal(name, signal.SIGCONT)
                guard.let_go()

    async def end_all(self) -> None:
        """End everybody as an orchestrator does, and note how they ended: None for one that had to be killed."""
        names = list(self._parts)
        codes = await asyncio.gather(*(self._end(self._parts[name]) for name in names))
        self.ends |= dict(zip(names, codes, strict=True))

    async def run(self, *command: str) -> int:
        """Run a command of `dunning`, and return how it ended."""
        part = await self._spawn(" ".join(command), command, {})
        return await asyncio.wait_for(part.process.wait(), START_WITHIN_SECONDS)

    def gone(self) -> list[str]:
        """Name those that ended by themselves."""
        return [name for name, part in self._parts.items() if part.process.returncode is not None]

    def logs(self) -> list[dict[str, Any]]:
        """Return every line that was logged, oldest first of each process."""
        lines = [line for file in sorted(self._folder.glob("*.log")) for line in file.read_bytes().splitlines()]
        return [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]

    def said(self) -> bytes:
        """Return all that was written, whoever wrote it."""
        return b"\n".join(file.read_bytes() for file in self._folder.glob("*.log"))

    async def _start(self, name: str) -> None:
        kind = name.partition(" ")[0]
        more = {"DUNNING_PORT": str(self._ports[name])} if name in self._ports else {}
        self._parts[name] = await self._spawn(name, [COMMANDS[kind], "--until-stdin-closes"], more)

    async def _spawn(self, name: str, command: tuple[str, ...] | list[str], more: dict[str, str]) -> Part:
        log = self._folder / f"{name.replace(' ', '-').replace('--', '-')}.log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "cli.main",
                *command,
                stdin=asyncio.subprocess.PIPE,  # our end of it closes however we end, and the process with it
                stdout=output,
                stderr=output,
                env={**self._environment, **self._clocks.environment(name), **more},
                start_new_session=True,
            )
        return Part(name, process, log)

    async def _works(self, name: str) -> bool:
        part = self._parts[name]
        if part.process.returncode is not None:
            raise AssertionError(f"{name} did not start: {part.log.read_text(errors='replace')[-2000:]}")
        if name not in self._ports:
            return STARTED in part.log.read_bytes()
        try:
            async with self._http.get(f"http://127.0.0.1:{self._ports[name]}/readyz") as response:
                return response.status == 200
        except ClientError:
            return False

    def _signal(self, name: str, number: signal.Signals) -> None:
        process = self._parts[name].process
        if process.returncode is None:
            os.kill(process.pid, number)

    async def _end(self, part: Part) -> int | None:
        was_there = part.process.returncode is None
        await part.stop()
        code = part.process.returncode
        return None if was_there and code == -signal.SIGKILL else code
