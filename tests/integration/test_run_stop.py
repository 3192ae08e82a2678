import asyncio
import sys
from collections.abc import AsyncIterator
from subprocess import PIPE

from aiohttp import web
from structlog.testing import capture_logs

from cli.run import commands, supervise

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"

# Python drops what is raised in a destructor.
ENDED_IN_A_DESTRUCTOR = """
import os, signal
from cli.run import commands

class Dropped:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1000):
            pass

commands._begin()
Dropped()
raise SystemExit("it goes on")
"""


async def test_a_signal_at_any_moment_of_the_start_ends_a_process() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ENDED_IN_A_DESTRUCTOR, stderr=PIPE)
    _, told = await process.communicate()

    assert (process.returncode, told) == (0, b"")


async def test_a_process_that_does_not_end_is_killed_and_told() -> None:
    deaf = await asyncio.create_subprocess_exec(sys.executable, "-c", DEAF, stdout=PIPE)
    assert deaf.stdout is not None
    await deaf.stdout.readline()

    with capture_logs() as logs:
        ended_well = await supervise._stop({"worker": deaf}, within_seconds=0.1)

    assert not ended_well
    assert logs == [{"event": "up.process_killed", "log_level": "error", "process": "worker"}]


async def test_a_stop_that_takes_too_long_is_cut_short_and_told() -> None:
    async def hold(_app: web.Application) -> AsyncIterator[None]:
        yield
        await asyncio.Event().wait()

    app = web.Application()
    app.cleanup_ctx.append(hold)
    runner = web.AppRunner(app)
    await runner.setup()

    with capture_logs() as logs:
        await commands._stop(runner, commands.Listener("webhooks", "", "127.0.0.1", 0), within_seconds=0.1)

    assert [entry["event"] for entry in logs] == ["webhooks.stop_cut_short"]
