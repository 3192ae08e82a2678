"""The commands that run: `webhooks`, `worker`, `console`, and `up` for all of them on one machine."""

import asyncio
import errno
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
import uvloop
from aiohttp import web

from cli.run.ends_with_stdin import end_with_stdin
from cli.run.open_files import allow_connections
from cli.run.supervise import supervise
from console.ports import Backstage
from dunning import log, time_limits
from dunning.errors import ConfigurationError
from dunning.settings.load import Settings, data_folder, environment_with_redis, load_settings
from dunning.store import REDIS_ERRORS, Store
from dunning.store.server.address import announced
from dunning.store.server.embedded import EmbeddedServer

logger = structlog.get_logger()

# The private side serves few, some of whom wait for what Paddle says of all past-due subscriptions.
PRIVATE_CONNECTIONS, PRIVATE_REQUEST = 256, timedelta(minutes=15)

# So many objects more than were let go of have Python look for cycles among the newest. Its default, 700, is less than
# what the requests under way hold, so it looked at all of these again and again.
LOOK_FOR_CYCLES_AFTER = 10_000

# How often a part of `up` asks for a port that is taken.
PORT_AGAIN_SECONDS = 10
# What `up` runs: it ends with these, and starts those again.
ESSENTIAL, SPARED = ("webhooks", "worker"), ("console",)
# How long `up` tries to count that it started something again.
COUNT_WITHIN_SECONDS = 5


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


def console(
    backstage: Callable[[Settings], Backstage],
    *,
    until_stdin_closes: bool,
    clock: Callable[[], datetime] | None = None,
) -> None:
    """Serve the private side: an API for the seller's own programs, and a screen."""
    _begin()
    settings = load_settings()
    if until_stdin_closes:
        end_with_stdin()
    _check_account(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        # As a part of `up` it waits for its port: a mail must not wait for a screen.
        runner.run(_serve_console(settings, backstage(settings), clock, patient=until_stdin_closes))


def up(*, data: Path | None) -> None:
    """Run `webhooks`, `worker` and `console` together, with a server of their own unless DUNNING_REDIS_URL is set."""
    _begin()
    settings = load_settings(redis_required=False)
    if settings.port == settings.console.port != 0:
        raise ConfigurationError(
            ["DUNNING_CONSOLE_PORT: it is DUNNING_PORT too; it should be another one, for `up` listens on both"]
        )
    if settings.redis_url is not None:
        sys.exit(_supervise(settings.redis_url.get_secret_value(), environment=None, server=None))
    with EmbeddedServer(data or data_folder(sandbox=settings.paddle.sandbox)) as server, announced(server):
        sys.exit(_supervise(server.url, environment=environment_with_redis(server.url), server=server))


def _supervise(redis_url: str, *, environment: Mapping[str, str] | None, server: EmbeddedServer | None) -> int:
    async def count(name: str) -> None:
        store = Store.open(redis_url, rate_limit=1)
        try:
            async with asyncio.timeout(COUNT_WITHIN_SECONDS):
                await store.counters.add(f"{name}_restarts")
        except (*REDIS_ERRORS, TimeoutError) as error:
            logger.warning("up.restart_not_counted", process=name, error=type(error).__name__)
        finally:
            await store.close()

    return supervise(ESSENTIAL, spared=SPARED, note_ended=count, environment=environment, server=server)


async def serve(settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
    """Serve HTTP until SIGTERM or SIGINT, then finish the requests that are under way.

    Raises:
        ConfigurationError: the host or port can't be listened on.
    """
    from webhooks.app import create_app, utc_now  # noqa: PLC0415 - `worker` has no use for pages
    from webhooks.door import EdgeRunner  # noqa: PLC0415 - same
    from webhooks.limits import Limits  # noqa: PLC0415 - same

    # No access log, since whoever knows the path of a payment link may use the link.
    limits = Limits(connections=allow_connections(Limits().connections))
    app = create_app(settings, clock=clock or utc_now, limits=limits)
    runner = EdgeRunner(app, access_log=None, shutdown_timeout=time_limits.EDGE_DRAIN.total_seconds())
    gc.freeze()  # what is here now stays, so it is never looked at
    gc.set_threshold(LOOK_FOR_CYCLES_AFTER)
    await _serve(runner, Listener("webhooks", "", settings.host, settings.port))


async def _serve_console(
    settings: Settings, backstage: Backstage, clock: Callable[[], datetime] | None, *, patient: bool
) -> None:
    from console.app import create_app, utc_now  # noqa: PLC0415 - the other processes have no use for it
    from webhooks.door import Door, GuardedRunner  # noqa: PLC0415 - same
    from webhooks.limits import Limits  # noqa: PLC0415 - same
    from webhooks.sparing_log import SparingLog  # noqa: PLC0415 - same

    drain = time_limits.EDGE_DRAIN.total_seconds()
    runner = GuardedRunner(
        create_app(settings, backstage, clock=clock or utc_now),
        Door(Limits(connections=PRIVATE_CONNECTIONS, request=PRIVATE_REQUEST), SparingLog()),
        access_log=None,
        shutdown_timeout=drain,
    )
    await _serve(runner, Listener("console", "CONSOLE_", settings.console.host, settings.console.port, patient))


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens where, and how the variables begin that say so."""

    name: str
    prefix: str
    host: str
    port: int
    patient: bool = False
    """Whether it waits for a port that is taken."""

    def event(self, what: str) -> str:
        """Name what is logged of it."""
        return f"{self.name}.{what}"


async def _serve(runner: web.AppRunner, listener: Listener) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await runner.setup()
    try:
        listening = asyncio.create_task(_listen(runner, listener))
        await asyncio.wait([listening, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()
        listening.cancel()
        await stop.wait()
        logger.info(listener.event("stopping"))
    finally:
        await _stop(runner, listener, within_seconds=time_limits.EDGE_END.total_seconds())


async def _stop(runner: web.AppRunner, listener: Listener, *, within_seconds: float) -> None:
    try:
        async with asyncio.timeout(within_seconds):
            await runner.cleanup()
    except TimeoutError:
        logger.warning(listener.event("stop_cut_short"), after_seconds=within_seconds)
    else:
        logger.info(listener.event("stopped"))


async def _listen(runner: web.AppRunner, listener: Listener) -> None:
    while True:
        try:
            await web.TCPSite(runner, listener.host, listener.port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not listener.patient:
                raise _cannot_listen(listener, error) from None
            logger.warning(listener.event("port_taken"), port=listener.port, again_in_seconds=PORT_AGAIN_SECONDS)
            await asyncio.sleep(PORT_AGAIN_SECONDS)
        else:
            logger.info(listener.event("listening"), host=listener.host, port=runner.addresses[0][1])
            return


def _cannot_listen(listener: Listener, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        problem = f"PORT: another process listens on port {listener.port}; it should be a free port"
    else:
        problem = f"HOST: it can't be listened on ({error.strerror}); it should be an address of this machine"
    return ConfigurationError([f"DUNNING_{listener.prefix}{problem}"])


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
    # Until the work has begun and takes the signal over, there is nothing to finish first: a server of ours ends with
    # us, in whatever way we end. An exception would not do: Python drops one that it raises amid a destructor.
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
