"""The commands that run: `webhooks`, `worker`, and `up` for both on one machine."""

import asyncio
import errno
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog
import uvloop
from aiohttp import web

from cli.run.ends_with_stdin import end_with_stdin
from cli.run.open_files import allow_connections
from cli.run.supervise import supervise
from dunning import log, time_limits
from dunning.errors import ConfigurationError
from dunning.settings.load import Settings, data_folder, environment_with_redis, load_settings
from dunning.store.server.address import announced
from dunning.store.server.embedded import EmbeddedServer

logger = structlog.get_logger()


def webhooks(*, until_stdin_closes: bool, clock: Callable[[], datetime] | None = None) -> None:
    """Receive Paddle's webhooks and serve payment links over HTTP."""
    _begin()
    settings = load_settings()
    if until_stdin_closes:
        end_with_stdin()
    _check_account(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, clock))


def worker(*, until_stdin_closes: bool, clock: Callable[[], datetime] | None = None, alive: Path | None = None) -> None:
    """Handle events and send mail."""
    _begin()
    from worker.main import run  # noqa: PLC0415 - `webhooks` has no use for arq and mail
    from worker.services import utc_now  # noqa: PLC0415 - same

    settings = load_settings()
    warn_of_sandbox(settings)
    if until_stdin_closes:
        end_with_stdin()
    logger.info("worker.starting")
    _check_account(settings)
    run(settings, clock or utc_now, alive)


def up(*, data: Path | None) -> None:
    """Run `webhooks` and `worker` together, with a server of their own unless DUNNING_REDIS_URL is set."""
    _begin()
    settings = load_settings(redis_required=False)
    if settings.redis_url is not None:
        sys.exit(supervise(["webhooks", "worker"], environment=None, server=None))
    with EmbeddedServer(data or data_folder(sandbox=settings.paddle.sandbox)) as server, announced(server):
        sys.exit(supervise(["webhooks", "worker"], environment=environment_with_redis(server.url), server=server))


async def serve(settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
    """Serve HTTP until SIGTERM or SIGINT, then finish the requests that are under way.

    Raises:
        ConfigurationError: the host or port can't be listened on.
    """
    from webhooks.app import create_app, utc_now  # noqa: PLC0415 - `worker` has no use for pages
    from webhooks.door import EdgeRunner  # noqa: PLC0415 - same
    from webhooks.limits import Limits  # noqa: PLC0415 - same

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # No access log, since whoever knows the path of a payment link may use the link.
    limits = Limits(connections=allow_connections(Limits().connections))
    app = create_app(settings, clock=clock or utc_now, limits=limits)
    runner = EdgeRunner(app, access_log=None, shutdown_timeout=time_limits.EDGE_DRAIN.total_seconds())
    await runner.setup()
    try:
        await _listen(runner, settings)
        await stop.wait()
        logger.info("webhooks.stopping")
    finally:
        await _stop(runner, within_seconds=time_limits.EDGE_END.total_seconds())


async def _stop(runner: web.AppRunner, *, within_seconds: float) -> None:
    try:
        async with asyncio.timeout(within_seconds):
            await runner.cleanup()
    except TimeoutError:
        logger.warning("webhooks.stop_cut_short", after_seconds=within_seconds)
    else:
        logger.info("webhooks.stopped")


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"DUNNING_PORT: another process listens on port {settings.port}; it should be a free port"
        else:
            problem = (
                f"DUNNING_HOST: it can't be listened on ({error.strerror}); it should be an address of this machine"
            )
        raise ConfigurationError([problem]) from None
    logger.info("webhooks.listening", host=settings.host, port=runner.addresses[0][1])


def warn_of_sandbox(settings: Settings) -> None:
    """Warn that DUNNING_MAIL_REDIRECT is missing if mails of made-up debts would reach real addresses."""
    if settings.paddle.sandbox and settings.mail_redirect is None:
        logger.warning("settings.mail_redirect_missing", variable="DUNNING_MAIL_REDIRECT")


def _check_account(settings: Settings) -> None:
    """Refuse the store of another Paddle account."""
    from dunning.one_account import check_account  # noqa: PLC0415 - `up` leaves it to its processes

    if settings.redis_url is not None:
        asyncio.run(check_account(settings, settings.redis_url.get_secret_value()))


def _begin() -> None:
    log.configure()
    # Until the work has begun and takes the signal over, there is nothing to finish first.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
