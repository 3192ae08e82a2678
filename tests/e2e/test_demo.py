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

from dunning.settings.load import bare_environment
from tests.e2e.processes import belonging_to, needs_proc
from tests.until import until

pytestmark = needs_proc

# Each is printed when that much of the story has happened. It is told twice.
ALL_STARTED = "are up"
MAILED = "sent one mail"


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


async def reached(process: Process, *moments: str) -> None:
    """Wait until the story has come to these moments, one after the other."""
    assert process.stdout is not None
    for moment in moments:
        while moment not in (line := (await process.stdout.readline()).decode()):
            assert line, f"the demo ended before {moment!r}"


async def a_server_runs(temporary: Path) -> None:
    async def one() -> bool:
        return any("valkey" in command or "redis" in command for command in running(temporary))

    await until(one)


def running(temporary: Path) -> list[str]:
    return list(belonging_to(str(temporary)).values())


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


@pytest.mark.parametrize("moments", [(ALL_STARTED,), (MAILED,), (ALL_STARTED, ALL_STARTED)])
async def test_ctrl_c_leaves_nothing(moments: tuple[str, ...], temporary: Path) -> None:
    async with demo(temporary) as process:
        await reached(process, *moments)
        os.killpg(process.pid, signal.SIGINT)
        said, errors = await process.communicate()

    assert process.returncode == 130
    assert errors == b""
    assert b"Stopped. No process and no data is left behind." in said
    assert running(temporary) == []
    assert left_in(temporary) == []


async def test_ctrl_c_while_it_starts_leaves_nothing(temporary: Path) -> None:
    async with demo(temporary) as process:
        await a_server_runs(temporary)
        os.killpg(process.pid, signal.SIGINT)
        await process.communicate()

    # 1 when the signal hits a process that is just being started: the terminal sends it to that one too.
    assert process.returncode in {1, 130}
    assert running(temporary) == []
    assert left_in(temporary) == []


async def test_an_impatient_second_ctrl_c_leaves_no_process(temporary: Path) -> None:
    async with demo(temporary) as process:
        await reached(process, MAILED)
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        await process.communicate()

    assert process.returncode not in {0, None}
    await nothing_runs(temporary)


async def test_killed_it_leaves_no_process(temporary: Path) -> None:
    async with demo(temporary) as process:
        await reached(process, MAILED)
        process.kill()
        await process.communicate()

    await nothing_runs(temporary)
