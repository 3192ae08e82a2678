"""The whole service on this machine, as real processes: a server, a Paddle twin, a mailbox, `webhooks` and `worker`.

For the demo and for end-to-end tests. Everything listens on free ports of the loopback interface, and nothing is left
behind: no process, no data.
"""

import asyncio
import json
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession

from cli.lab.clock import ShiftedClock
from cli.lab.ports import free_port
from dunning.errors import DunningError
from dunning.settings.load import LinkMint, bare_environment
from dunning.store.server.embedded import EmbeddedServer

START_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 60.0
POLL_SECONDS = 0.02


class StackError(DunningError):
    """A part of the stack did not do what was expected. The sentence says which, and what to look at."""


@dataclass(slots=True)
class Part:
    """One process of the stack, and where its log goes."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    async def stop(self) -> None:
        """End it, and wait until it has ended."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_WITHIN_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    async def kill(self) -> None:
        """End it without any warning."""
        self.process.kill()
        await self.process.wait()


@dataclass(slots=True)
class Stack:
    """The running service. `twin_url` and `mailbox_url` are where those two are controlled and looked at."""

    http: ClientSession
    folder: Path
    server: EmbeddedServer
    environment: dict[str, str]
    parts: dict[str, Part]
    public_url: str
    twin_url: str
    mailbox_url: str
    clock: ShiftedClock | None = None

    async def start(self, command: str, name: str | None = None) -> Part:
        """Start a command of `dunning` with the stack's settings."""
        entry = ["cli.lab.clocked", str(self.clock.path)] if self.clock else ["cli.main"]
        return await self.run(name or command, *entry, command, "--until-stdin-closes")

    async def run(self, name: str, *module: str) -> Part:
        """Start a Python module, given with its arguments, with the stack's settings."""
        part = await _start(self.folder, name, module, self.environment)
        self.parts[name] = part
        return part

    @property
    def timing(self) -> list[str]:
        """What tells a process to go by the stack's own clock, if it has one."""
        return ["--clock", str(self.clock.path)] if self.clock else []

    async def until_ready(self) -> None:
        """Wait until webhooks can be received."""
        try:
            async with asyncio.timeout(START_WITHIN_SECONDS):
                while not await self._is_ready():  # noqa: ASYNC110 - another process gets ready
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise StackError(f"`dunning webhooks` is not ready: {self.last_words('webhooks')}") from None

    async def until_logged(self, name: str, event: str) -> None:
        """Wait until a part has logged this."""
        part, line = self.parts[name], f'"event": "{event}"'.encode()
        try:
            async with asyncio.timeout(START_WITHIN_SECONDS):
                while line not in part.log.read_bytes():
                    if part.process.returncode is not None:
                        break
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    return
        except TimeoutError:
            pass
        raise StackError(f"{name} did not log {event}: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """Return the last line that a part logged."""
        lines = self.parts[name].log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it logged nothing"

    def logs(self) -> str:
        """Return all that our own processes logged."""
        return "\n".join(
            part.log.read_text(errors="replace") for name, part in self.parts.items() if name not in {"twin", "mailbox"}
        )

    async def twin(self, path: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Change something in the twin's world."""
        async with self.http.post(f"{self.twin_url}/_twin/{path}", json=body) as response:
            answer: dict[str, Any] = await response.json()
            if response.status >= 400:  # noqa: PLR2004 - as HTTP has it
                raise StackError(f"the Paddle twin refused {path}: {answer}")
            return answer

    async def calls(self) -> dict[str, int]:
        """Return how often each route of the twin's API was called."""
        async with self.http.get(f"{self.twin_url}/_twin/calls") as response:
            counts: dict[str, int] = (await response.json())["counts"]
            return counts

    async def mails(self) -> list[dict[str, Any]]:
        """Return the mails that have come."""
        async with self.http.get(f"{self.mailbox_url}/mails") as response:
            mails: list[dict[str, Any]] = await response.json()
            return mails

    async def _is_ready(self) -> bool:
        if self.parts["webhooks"].process.returncode is not None:
            raise StackError(f"`dunning webhooks` ended: {self.last_words('webhooks')}")
        try:
            async with self.http.get(f"{self.public_url}/readyz") as response:
                return response.status == 200  # noqa: PLR2004 - as HTTP has it
        except ClientError:
            return False


@asynccontextmanager
async def running_stack(
    *,
    mint: LinkMint,
    campaign: str,
    settings: Mapping[str, str] | None = None,
    commands: Collection[str] = ("webhooks", "worker"),
    clock: ShiftedClock | None = None,
) -> AsyncIterator[Stack]:
    """Run the service with this campaign file until the block is left.

    Args:
        mint: when portal sessions are made.
        campaign: the campaign file's text.
        settings: further `DUNNING_…` variables.
        commands: which of ours to start. `webhooks` is waited for.
        clock: what the twin and our processes go by, in place of real time.
    """
    async with AsyncExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="dunning-")))
        (folder / "campaign.toml").write_text(campaign)
        server = cleanup.enter_context(EmbeddedServer())
        http = await cleanup.enter_async_context(ClientSession())
        environment = bare_environment()
        public_url = f"http://127.0.0.1:{free_port()}"
        stack = Stack(http, folder, server, environment, {}, public_url, "", "", clock)
        cleanup.push_async_callback(_stop_all, stack)
        webhook_url = f"{public_url}/webhooks/paddle"
        twin = await _start_announcing(
            stack,
            "twin",
            ["cli.lab.twin_process", "--webhook-url", webhook_url, "--retry-seconds", "0.5", *stack.timing],
        )
        mailbox = await _start_announcing(
            stack, "mailbox", ["cli.lab.mailbox.server", "--password", secrets.token_hex(16)]
        )
        stack.twin_url, stack.mailbox_url = twin["url"], mailbox["http"]
        environment |= {
            "DUNNING_PADDLE_API_KEY": twin["api_key"],
            "DUNNING_PADDLE_API_URL": twin["url"],
            "DUNNING_WEBHOOK_SECRETS": twin["webhook_secret"],
            "DUNNING_LINK_SECRETS": secrets.token_hex(32),
            "DUNNING_LINK_MINT": mint,
            "DUNNING_PUBLIC_URL": public_url,
            "DUNNING_PORTAL_LOGIN_URL": twin["portal_login_url"],
            "DUNNING_REDIS_URL": server.url,
            "DUNNING_MAIL_URL": mailbox["smtp"],
            "DUNNING_MAIL_FROM": "Lantern Software <billing@lantern.example>",
            "DUNNING_CAMPAIGN_FILE": str(folder / "campaign.toml"),
            "DUNNING_HOST": "127.0.0.1",
            "DUNNING_PORT": public_url.rpartition(":")[2],
            "DUNNING_CONSOLE_PORT": "0",  # whichever is free
            **(settings or {}),
        }
        await asyncio.gather(*map(stack.start, commands))
        if "webhooks" in commands:
            await stack.until_ready()
        yield stack


async def _start(folder: Path, name: str, module: Sequence[str], environment: Mapping[str, str]) -> Part:
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            *module,
            # Our end of this pipe closes however we end, and the process with it.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if name in {"twin", "mailbox"} else output,
            stderr=output,
            env=environment,
            start_new_session=True,  # a Ctrl-C in the terminal is for us alone
        )
    return Part(name, process, log)


async def _start_announcing(stack: Stack, name: str, module: list[str]) -> dict[str, str]:
    """Start a process that prints a line of JSON when it is ready, and return what it says."""
    part = await stack.run(name, *module, "--until-stdin-closes")
    if part.process.stdout is None:
        raise AssertionError
    try:
        line = await asyncio.wait_for(part.process.stdout.readline(), START_WITHIN_SECONDS)
        said: dict[str, str] = json.loads(line)
    except (TimeoutError, ValueError):
        raise StackError(f"the {name} did not start: {stack.last_words(name)}") from None
    return said


async def _stop_all(stack: Stack) -> None:
    await asyncio.gather(*(part.stop() for part in stack.parts.values()))
