"""Run several commands of ours as one: they start together and end together, but for those that can be spared."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from dunning import time_limits
from dunning.store.server.embedded import EmbeddedServer

logger = structlog.get_logger()

POLL_SECONDS = 0.5
# One that can be spared is started again after this, and ever later while it goes on ending at once.
AGAIN_SECONDS = 1.0
LONGEST_AGAIN_SECONDS = 60.0


def supervise(
    commands: Sequence[str],
    *,
    spared: Sequence[str],
    note_ended: Callable[[str], Awaitable[None]],
    environment: Mapping[str, str] | None,
    server: EmbeddedServer | None,
) -> int:
    """Run each as a process until SIGTERM or SIGINT, or until one of `commands` or the server ends.

    Args:
        commands: names of commands that take `--until-stdin-closes`.
        spared: further ones. One that ends by itself is started again, and the others go on.
        note_ended: is told the name of such a one.
        environment: for the processes, in place of this one's own.
        server: the server they use, if it is ours.

    Returns:
        the exit code: 0 when we were asked to end and all went well, else 1.
    """
    return asyncio.run(_supervise(commands, spared, note_ended, environment, server))


async def _supervise(
    commands: Sequence[str],
    spared: Sequence[str],
    note_ended: Callable[[str], Awaitable[None]],
    environment: Mapping[str, str] | None,
    server: EmbeddedServer | None,
) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    processes = {name: await _start(name, environment) for name in commands}
    ends: list[asyncio.Task[Any]] = [asyncio.create_task(process.wait()) for process in processes.values()]
    ends.append(asyncio.create_task(stop.wait()))
    beside = [asyncio.create_task(_keep_running(name, processes, note_ended, environment)) for name in spared]
    while not any(end.done() for end in ends) and (server is None or server.poll() is None):
        await asyncio.wait(ends, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in (*ends, *beside):
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    if server is not None and server.poll() is not None:
        logger.error("up.server_ended", exit_code=server.poll())
    for name, process in processes.items():
        if process.returncode is not None:
            logger.error("up.process_ended", process=name, exit_code=process.returncode)
    all_went_well = await _stop(processes, within_seconds=time_limits.UP_ENDS.total_seconds())
    return 0 if stop.is_set() and all_went_well else 1


async def _keep_running(
    name: str,
    processes: dict[str, asyncio.subprocess.Process],
    note_ended: Callable[[str], Awaitable[None]],
    environment: Mapping[str, str] | None,
) -> None:
    """Start a process again whenever it ends, until canceled. While it runs, it is one of `processes`."""
    loop, again = asyncio.get_running_loop(), AGAIN_SECONDS
    while True:
        began_at = loop.time()
        processes[name] = await _start(name, environment)
        exit_code = await processes[name].wait()
        del processes[name]
        again = AGAIN_SECONDS if loop.time() - began_at > LONGEST_AGAIN_SECONDS else again
        logger.error("up.process_restarts", process=name, exit_code=exit_code, again_in_seconds=again)
        await note_ended(name)
        await asyncio.sleep(again)
        again = min(2 * again, LONGEST_AGAIN_SECONDS)


async def _start(command: str, environment: Mapping[str, str] | None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        # Import nothing from the working folder: a `worker` or `cli` folder in it is somebody else's.
        "-P",
        "-m",
        "cli.main",
        command,
        # Our end of this pipe closes when we end, in whatever way.
        "--until-stdin-closes",
        stdin=asyncio.subprocess.PIPE,
        env=environment,
        # A Ctrl-C in the terminal reaches us alone, and we pass it on as one signal.
        start_new_session=True,
    )


async def _stop(processes: Mapping[str, asyncio.subprocess.Process], *, within_seconds: float) -> bool:
    """End what still runs. Return whether each process ended well."""
    for process in processes.values():
        if process.returncode is None:
            process.terminate()
    try:
        async with asyncio.timeout(within_seconds):
            await asyncio.gather(*(process.wait() for process in processes.values()))
    except TimeoutError:
        for name, process in processes.items():
            if process.returncode is None:
                logger.error("up.process_killed", process=name)  # noqa: TRY400 - the exception says nothing more
                process.kill()
                await process.wait()
    # If SIGTERM itself ended a process, the process had not begun its work: it sets its own handler before.
    return all(process.returncode in {0, -signal.SIGTERM} for process in processes.values())
