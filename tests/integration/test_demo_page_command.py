"""`dunning demo` as a process: what it prints, and that it leaves nothing behind."""

import asyncio
import os
import re
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from dunning.settings.load import bare_environment
from tests.e2e.processes import belonging_to, needs_proc
from tests.until import until

FREE_PORTS = ("--port", "0", "--twin-port", "0", "--smtp-port", "0", "--mailbox-port", "0")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Give a folder for all that is temporary. Its path is short, as that of a socket has to be."""
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        yield Path(folder)


@asynccontextmanager
async def demo(temporary: Path, *options: str) -> AsyncIterator[Process]:
    """Start the demo as a terminal does: in a process group of its own. All it starts has `TMPDIR` from it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli.main", "demo", *options),
        env=bare_environment() | {"TMPDIR": str(temporary), "COLUMNS": "200", "BROWSER": "echo opened %s"},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def line_with(process: Process, words: str) -> str:
    """Wait until it has printed a line with these words."""
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, f"the demo ended before {words!r}"
    return line


async def page_of(process: Process, words: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", await line_with(process, words))
    assert found
    return found[0]


def left_in(temporary: Path) -> list[Path]:
    return list(temporary.iterdir())


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_prints_its_address_and_leaves_nothing_when_it_is_told_to_end(
    temporary: Path, number: signal.Signals
) -> None:
    async with demo(temporary, "--port", "0") as process, ClientSession() as http:
        url = await page_of(process, "Ctrl-C ends it")
        async with http.get(f"{url}/state") as response:
            state = await response.json()
        os.killpg(process.pid, number)
        said, errors = await process.communicate()

    assert len(state["customers"]) == 4
    assert state["cases"] == []
    assert process.returncode == 0
    assert errors == b""
    assert b"Stopped. No process and no data is left behind." in said
    assert belonging_to(str(temporary)) == {}
    assert left_in(temporary) == []


@needs_proc
async def test_killed_it_leaves_no_process(temporary: Path) -> None:
    async with demo(temporary, "--port", "0") as process:
        await page_of(process, "Ctrl-C ends it")
        process.kill()
        await process.wait()

    async def nothing_runs() -> bool:
        return not belonging_to(str(temporary))

    await until(nothing_runs)


async def test_the_browser_is_opened_only_when_that_is_asked_for(temporary: Path) -> None:
    async with demo(temporary, "--serve", "--open", *FREE_PORTS) as process:
        url = await page_of(process, "Page")
        opened = await line_with(process, "opened")
        process.terminate()
        await process.wait()

    assert opened.strip() == f"opened {url}"


async def test_serving_prints_the_variables_that_lead_there(temporary: Path) -> None:
    async with demo(temporary, "--serve", *FREE_PORTS) as process:
        lines = [await line_with(process, "export") for _ in range(5)]
        process.send_signal(signal.SIGINT)
        await process.wait()

    assert [line.partition("=")[0] for line in lines] == [
        "export DUNNING_PADDLE_API_URL",
        "export DUNNING_PADDLE_API_KEY",
        "export DUNNING_WEBHOOK_SECRETS",
        "export DUNNING_PORTAL_LOGIN_URL",
        "export DUNNING_MAIL_URL",
    ]
    assert process.returncode == 0


async def test_a_port_that_is_taken_is_told_in_a_line(temporary: Path) -> None:
    async with demo(temporary, "--serve", *FREE_PORTS) as first:
        port = (await page_of(first, "Page")).rpartition(":")[2]
        async with demo(temporary, "--serve", *FREE_PORTS, "--port", port) as second:
            _, errors = await second.communicate()
        first.terminate()
        await first.wait()

    assert second.returncode == 2
    assert errors.decode() == f"Port {port} is taken by another process; choose another, or 0 for any free one.\n"


@pytest.mark.parametrize("other", ["--serve", "--open"])
async def test_once_shows_no_page(temporary: Path, other: str) -> None:
    async with demo(temporary, "--once", other) as process:
        _, errors = await process.communicate()

    assert process.returncode == 2
    assert b"--once shows no page" in errors
