"""What `dunning webhooks` is measured against: aiohttp that reads the body and answers 200, served in the same way."""

import asyncio
import signal

import click
import uvloop
from aiohttp import web

from bench.notifications import PATH
from cli.run.ends_with_stdin import end_with_stdin, until_stdin_closes


async def answer(request: web.Request) -> web.Response:
    """Read the body, and do nothing with it."""
    await request.read()
    return web.Response()


def bare() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.add_routes([web.post(PATH, answer)])
    return app


async def serve(app: web.Application, port: int) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await stop.wait()
    await runner.cleanup()


@click.command()
@click.option("--port", type=int, required=True)
@until_stdin_closes
def main(*, port: int, until_stdin_closes: bool) -> None:
    """Serve."""
    if until_stdin_closes:
        end_with_stdin()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(bare(), port))


if __name__ == "__main__":
    main()
