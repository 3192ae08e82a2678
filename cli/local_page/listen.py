"""Serving a page on the loopback interface, and nowhere else."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from dunning.errors import ConfigurationError

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(app: web.Application, port: int | None, *, usual: int = 0) -> AsyncIterator[str]:
    """Serve an application, and give its address.

    Args:
        app: what to serve.
        port: where. 0 takes a free one; None takes the usual one, or a free one where that is taken.
        usual: the port that people know the page by.

    Raises:
        ConfigurationError: the port is taken.
    """
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, usual if port is None else port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if port is not None:
                raise taken(port) from None
            await web.TCPSite(runner, HOST, 0).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def taken(port: int) -> ConfigurationError:
    """Say that a port can't be had."""
    return ConfigurationError([f"Port {port} is taken by another process; choose another, or 0 for any free one."])
