"""However the demo ends, it leaves nothing behind: no process and no data."""

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dunning.settings import bare_environment
from tests.e2e.processes import needs_proc, started_with
from tests.until import until

pytestmark = needs_proc

# Each is printed when that much of the story has happened.
SERVER_STARTED = ""
ALL_STARTED = "are up"
MAILED = "sent one mail"
SECOND_STORY = "DUNNING_LINK_MINT=send"


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Give a folder for all that is temporary. Its path is short, as that of a socket has to be."""
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        yield Path(folder)


@asynccontextmanager
async def demo(temporary: Path) -> AsyncIterator[Process]:
    """Start the demo as a terminal does: in a process group of its own. All it starts has `TMPDIR` from it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli.main", "demo", "--once"),
        env=bare_environment() | {"TMPDIR": str(temporary), "COLUMNS": "200"},
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


async def reached(process: Process, moment: str, temporary: Path) -> None:
    """Wait until the story has come to this moment."""

    async def server_runs() -> bool:
        return any("valkey" in command or "redis" in command for command in running(temporary))

    if moment == SERVER_STARTED:
        await until(server_runs)
        return
    assert process.stdout is not None
    while moment not in (line := (await process.stdout.readline()).decode()):
        assert line, f"the demo ended before {moment!r}"


def running(temporary: Path) -> list[str]:
    return list(started_with("TMPDIR", str(temporary)).values())


def left_in(temporary: Path) -> list[Path]:
    return list(temporary.iterdir())


async def nothing_runs(temporary: Path) -> None:
    async def none() -> bool:
        return not running(temporary)

    await until(none)


async def test_after_it_went_well_nothing_is_left(temporary: Path) -> None:
    async with demo(temporary) as process:
        said, errors = await process.communicate()

    assert process.returncode == 0
    assert errors == b""
    assert b"Both ways work." in said
    assert running(temporary) == []
    assert left_in(temporary) == []


@pytest.mark.parametrize("moment", [SERVER_STARTED, ALL_STARTED, MAILED, SECOND_STORY])
async def test_ctrl_c_leaves_nothing(moment: str, temporary: Path) -> None:
    async with demo(temporary) as process:
        await reached(process, moment, temporary)
        os.killpg(process.pid, signal.SIGINT)
        said, errors = await process.communicate()

    assert process.returncode == 130
    assert errors == b""
    assert b"Stopped. No process and no data is left behind." in said
    assert running(temporary) == []
    assert left_in(temporary) == []


async def test_an_impatient_second_ctrl_c_leaves_no_process(temporary: Path) -> None:
    async with demo(temporary) as process:
        await reached(process, MAILED, temporary)
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        await process.communicate()

    assert process.returncode not in {0, None}
    await nothing_runs(temporary)


async def test_killed_it_leaves_no_process(temporary: Path) -> None:
    async with demo(temporary) as process:
        await reached(process, MAILED, temporary)
        process.kill()
        await process.communicate()

    await nothing_runs(temporary)
