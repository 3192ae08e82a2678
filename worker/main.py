"""The arq worker, wired. `dunning worker` runs it; so does `arq worker.main.WorkerSettings`."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from arq.worker import Worker, func

from dunning import log as logs
from dunning import queue, time_limits
from dunning.errors import ConfigurationError
from dunning.jobs import TIMEOUTS, Job
from dunning.one_account import check_account
from dunning.settings.load import Settings, load_settings
from dunning.store import REDIS_ERRORS, Patience, Role, connection_pool, tell_once, tell_until_reached
from dunning.watch.alive import touch_forever
from dunning.watch.watcher import watch_forever
from worker.adapter import adapt
from worker.handle_event import give_up, handle_event, handle_events, leave_to_the_sweep
from worker.list_cases import list_cases_forever
from worker.missing_templates import tell_missing_templates
from worker.reconcile.forever import reconcile_forever
from worker.release_mended_holds import release_mended_holds_forever
from worker.send.batch import leave_to_the_lease, send_steps
from worker.services import (
    WorkerServices,
    brands_without_a_human,
    check_templates,
    open_services,
    utc_now,
)
from worker.sweep import sweep_forever
from worker.tell.destination import leave_the_rest, tell_destination
from worker.tell.forever import register_destinations, tell_forever

log = structlog.get_logger()

# Longer than the longest job; and SIGTERM has to end us within 60 s.
DRAIN_WITHIN = time_limits.DRAIN
LEAVE_WITHIN = time_limits.LEAVE
RESTART_AFTER = timedelta(seconds=1)
# arq's own limit: past it, arq silently drops a job. `worker.adapter` gives up long before, and says so.
ARQ_TRIES = 1_000_000
NO_WAY_TO_A_HUMAN = "mails offer customers no way to ask a question: set DUNNING_MAIL_REPLY_TO, or support of the brand"
BESIDE_THE_SWEEP = ("listing", "reconciling", "releasing", "watching", "telling")


def create_worker(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Worker:
    """Return an arq worker that leaves signals to its caller. Has to be called in a running loop."""
    worker = Worker(**_wiring(settings, clock), handle_signals=False)
    worker.ctx["picks_jobs"] = lambda: worker.allow_pick_jobs
    return worker


def run(settings: Settings, clock: Callable[[], datetime] = utc_now, alive: Path | None = None) -> None:
    """Work until SIGTERM or SIGINT, then finish what is at hand. Outlives a Redis that goes away and comes back.

    Args:
        settings: everything that an operator sets.
        clock: the time.
        alive: the file that is touched every ten seconds, if one should be.
    """
    asyncio.run(serve(settings, clock, alive))


async def serve(settings: Settings, clock: Callable[[], datetime] = utc_now, alive: Path | None = None) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work_until(stop, settings, clock, alive)


async def work_until(
    stop: asyncio.Event, settings: Settings, clock: Callable[[], datetime] = utc_now, alive: Path | None = None
) -> None:
    """Work until `stop` is set. When a worker breaks, start a new one."""
    beside = [asyncio.create_task(one) for one in _beside_the_worker(settings, clock, alive)]
    while not stop.is_set():
        await _work(create_worker(settings, clock), stop)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RESTART_AFTER.total_seconds())
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)


def _beside_the_worker(
    settings: Settings, clock: Callable[[], datetime], alive: Path | None
) -> Iterator[Coroutine[None, None, None]]:
    """Give what goes on also while Redis is away and arq's worker begins anew."""
    if settings.redis_url is not None:  # without one, no worker starts
        redis_url = settings.redis_url.get_secret_value()
        yield tell_until_reached(redis_url, clock)
        yield watch_forever(settings, redis_url, Role.WORKER, clock)
    if alive is not None:
        yield touch_forever(alive)


async def _work(worker: Worker, stop: asyncio.Event) -> None:
    """Run one worker until it is told to stop or breaks: a Redis that refuses writes breaks arq's main loop."""
    working = asyncio.ensure_future(worker.async_run())
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if working.done() and (error := working.exception()):
        log.error("worker.broke", error=type(error).__name__)
    await stop_worker(worker, working)


async def stop_worker(worker: Worker, working: asyncio.Future[None]) -> None:
    """Let a worker finish what is at hand, and close it, whatever state Redis is in.

    What can't be finished in time is taken up again later: a case when its lease ends. arq itself would cancel its main
    loop, possibly in the middle of a command to Redis. We tell the loop that its burst is over, and it ends by itself.
    """
    worker.allow_pick_jobs = False
    worker.max_jobs = 0  # else a poll that is under way goes on to begin every job that it has found
    worker.burst, worker.max_burst_jobs = True, 0
    # That poll may begin one job more; the loop then waits for it.
    await asyncio.wait({working}, timeout=LEAVE_WITHIN.total_seconds())
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=(DRAIN_WITHIN - LEAVE_WITHIN).total_seconds())
    await asyncio.wait({working}, timeout=LEAVE_WITHIN.total_seconds())
    for task in (working, *worker.tasks.values()):
        task.cancel()
    await asyncio.gather(working, *worker.tasks.values(), return_exceptions=True)
    # arq's close() fails half-way if it finds a canceled job, so we leave none for it.
    worker.tasks.clear()
    pool = worker.pool
    with contextlib.suppress(TimeoutError, *REDIS_ERRORS):
        await asyncio.wait_for(worker.close(), LEAVE_WITHIN.total_seconds())
    await _shut_down(worker.ctx)
    await pool.aclose(close_connection_pool=True)


async def _start_up(ctx: dict[Any, Any]) -> None:
    services = open_services(ctx["settings"], ctx["redis_url"], ctx["renderer"], ctx["clock"])
    ctx["services"] = services
    await services.campaigns.keep()
    await register_destinations(services)
    await tell_missing_templates(services)
    if silent := brands_without_a_human(services.settings):
        log.warning("mail.no_reply_to", problem=NO_WAY_TO_A_HUMAN, brands=silent)
    if "picks_jobs" not in ctx:  # arq's own command runs us, and nothing goes on beside
        ctx["watching"] = asyncio.create_task(
            watch_forever(services.settings, ctx["redis_url"], Role.WORKER, ctx["clock"])
        )
    picks_jobs: Callable[[], bool] = ctx.get("picks_jobs", lambda: True)
    ctx["sweep"] = asyncio.create_task(sweep_forever(services, picks_jobs))
    ctx["telling"] = asyncio.create_task(tell_forever(services))
    ctx["releasing"] = asyncio.create_task(release_mended_holds_forever(services))
    ctx["listing"] = asyncio.create_task(list_cases_forever(services))
    ctx["reconciling"] = asyncio.create_task(reconcile_forever(services))
    log.info("worker.started")


async def _shut_down(ctx: dict[Any, Any]) -> None:
    """Stop the tasks beside the jobs, and close what was opened. Harmless if that was done already."""
    others: list[asyncio.Task[None]] = [ctx.pop(name) for name in BESIDE_THE_SWEEP if name in ctx]
    for other in others:
        other.cancel()
    sweep: asyncio.Task[None] | None = ctx.pop("sweep", None)
    if sweep is not None:
        others.append(sweep)  # not canceled: it ends by itself when the worker stops picking jobs
    if others:
        await asyncio.wait(others, timeout=LEAVE_WITHIN.total_seconds())
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    services: WorkerServices | None = ctx.pop("services", None)
    if services is not None:
        await services.close()
        log.info("worker.stopped")


def _wiring(settings: Settings, clock: Callable[[], datetime] = utc_now) -> dict[str, Any]:
    """Return arq's arguments. Comments say why some differ from the default."""
    if settings.redis_url is None:
        raise ConfigurationError(["DUNNING_REDIS_URL is missing; it should say where Redis is."])
    redis_url = settings.redis_url.get_secret_value()
    return {
        "functions": [
            func(adapt(handle_events, leave_to_the_sweep), name=Job.HANDLE_EVENTS, timeout=TIMEOUTS[Job.HANDLE_EVENTS]),
            func(adapt(handle_event, give_up), name=Job.HANDLE_EVENT, timeout=TIMEOUTS[Job.HANDLE_EVENT]),
            func(adapt(send_steps, leave_to_the_lease), name=Job.SEND_STEPS, timeout=TIMEOUTS[Job.SEND_STEPS]),
            func(
                adapt(tell_destination, leave_the_rest),
                name=Job.TELL_DESTINATION,
                timeout=TIMEOUTS[Job.TELL_DESTINATION],
            ),
        ],
        "queue_name": queue.QUEUE,
        "redis_pool": queue.arq_redis(connection_pool(redis_url, Patience.MUCH)),
        "job_serializer": queue.serialize,
        "job_deserializer": queue.deserialize,
        "keep_result": 0,  # nobody asks for results, and they would be at rest
        "log_results": False,
        "max_tries": ARQ_TRIES,
        "max_jobs": 50,  # the default of 10 caps a worker at 20 sends a second
        "poll_delay": timedelta(seconds=0.02),  # the default of 0.5 s is the largest part of a mail's latency
        "on_startup": _start_up,
        "on_shutdown": _shut_down,
        "job_completion_wait": round(DRAIN_WITHIN.total_seconds()),
        "ctx": {
            "settings": settings,
            "redis_url": redis_url,
            "renderer": check_templates(settings),
            "clock": clock,
        },
    }


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the protocol's own signature
    """Make `WorkerSettings` when arq's command line asks for it, and not at import."""
    if name != "WorkerSettings":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    logs.configure()
    try:
        settings = load_settings()
        wiring = _wiring(settings)
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None  # arq's command line would show it as a crash
    asyncio.run(_look_before_arq_does(settings))
    return type("WorkerSettings", (), wiring)


async def _look_before_arq_does(settings: Settings) -> None:
    """Say why Redis can't be used, since arq waits for it silently. Refuse the store of another Paddle account."""
    if settings.redis_url is None:
        return
    redis_url = settings.redis_url.get_secret_value()
    await tell_once(redis_url, utc_now())
    try:
        await check_account(settings, redis_url)
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
