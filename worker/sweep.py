"""The sweep: hands what is due to the workers, about ten times a second, and redrives events that nobody handled."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from dunning.alerts import Alert
from dunning.jobs import BATCH
from dunning.rules.breaker import threshold
from dunning.store import REDIS_ERRORS, Sweep
from dunning.time_limits import LARGEST_CLOCK_SKEW
from worker.in_vain import tell_of_tries_in_vain
from worker.services import Services, WorkerServices

log = structlog.get_logger()

EVERY = timedelta(seconds=0.1)
SOON = timedelta(seconds=0.05)
# A worker that has so many due cases in hand takes no more: with another job's it has as many mails as a slow mail
# server takes before they time out. A due case should wait in the index, not for a connection. In the index it may wait
# without a limit, and Paddle is asked about it only when its turn has come.
ENOUGH_IN_HAND = BATCH
REDRIVE_EVERY = timedelta(seconds=5)
SKEW_EVERY = timedelta(minutes=1)
# The breaker's threshold changes with the hour. A minute more or less does not matter.
LIMIT_EVERY = timedelta(minutes=1)
IN_VAIN_EVERY = timedelta(seconds=10)
TRIPPED = "all mail is paused until `dunning resume`: find out why so many renewals fail at once"


async def sweep_forever(services: WorkerServices, picks_jobs: Callable[[], bool]) -> None:
    """Sweep until canceled. Any number of workers may: each sweep is one script, and takes what the last one left.

    A worker leaves what is due to the others if it is draining (then `picks_jobs` returns False), or if it has enough
    in hand.
    """
    sweeps = _Sweeps(services)
    away = False
    moved = 0
    while picks_jobs():
        try:
            moved = await sweeps.turn()
            if away:
                log.info("sweep.redis_is_back")
            away = False
        except REDIS_ERRORS as error:
            moved = 0
            if not away:
                log.warning("sweep.redis_is_away", error=type(error).__name__)
            away = True
        except Exception:  # if this loop ended, all mail would stop, and nobody would be told
            moved = 0
            log.exception("sweep.fault")
        # After a full batch there may be more: sweep again as soon as a worker may have begun with this one.
        await asyncio.sleep((SOON if moved >= BATCH else EVERY).total_seconds())


class _Sweeps:
    """One worker's sweeps, and what it knows between two of them."""

    def __init__(self, services: WorkerServices) -> None:
        self._services = services
        self._clock = asyncio.get_running_loop().time
        self._again_at: dict[str, float] = {}
        self._skewed = False
        self._paused = False
        self._most_opened: int | None = None

    async def turn(self) -> int:
        """Do each chore that is due, and return how many cases were handed over."""
        await self._every(SKEW_EVERY, self._look_at_clock)
        await self._every(LIMIT_EVERY, self._find_limit)
        moved = 0 if self._skewed or has_enough(self._services) else await self._sweep()
        await self._every(REDRIVE_EVERY, self._redrive)
        await self._every(IN_VAIN_EVERY, self._look_in_vain)
        return moved

    async def _every(self, span: timedelta, chore: Callable[[], Awaitable[object]]) -> None:
        """Do the chore the first time, and then once in each `span`. A chore that fails is due again at once."""
        if self._clock() >= self._again_at.get(chore.__name__, 0):
            await chore()
            self._again_at[chore.__name__] = self._clock() + span.total_seconds()

    async def _look_at_clock(self) -> None:
        self._skewed = await _is_skewed(self._services)

    async def _find_limit(self) -> None:
        now = self._services.clock()
        self._most_opened = threshold(
            await self._services.store.brakes.opened(now), self._services.settings.breaker, now
        )

    async def _redrive(self) -> None:
        await redrive_once(self._services)

    async def _look_in_vain(self) -> None:
        await tell_of_tries_in_vain(self._services)
        await self._services.store.due.forget_not_late(self._services.clock())

    async def _sweep(self) -> int:
        swept = await sweep_once(self._services, self._most_opened)
        if swept.why == "breaker":
            log.error(Alert.BREAKER_TRIPPED, opened=swept.opened, at_most=self._most_opened, problem=TRIPPED)
        await self._tell_pause(paused=swept.why in {"breaker", "paused"})
        return swept.moved

    async def _tell_pause(self, *, paused: bool) -> None:
        """Log when mail stops and starts, as each worker first notices it."""
        if paused and not self._paused:
            pause = (await self._services.store.brakes.paused()).all
            if pause is not None:
                log.warning(Alert.SENDING_PAUSED, since=pause.since.isoformat(), why=pause.logged)
        if self._paused and not paused:
            log.info(Alert.SENDING_RESUMED)
        self._paused = paused


def has_enough(services: Services) -> bool:
    """Tell whether a worker leaves what is due to others, since it is at work on so much."""
    return len(services.in_hand) >= ENOUGH_IN_HAND


async def _is_skewed(services: WorkerServices) -> bool:
    """Tell whether this machine's clock is wrong: claims and leases of several workers are compared by their clocks."""
    skew = services.machine_clock() - await services.store.health.time()
    if abs(skew) > LARGEST_CLOCK_SKEW:
        log.error(
            Alert.CLOCK_SKEWED,
            seconds=round(skew.total_seconds(), 1),
            problem="this worker does not sweep: set this machine's clock right",
        )
        return True
    return False


async def sweep_once(services: Services, most_opened: int | None) -> Sweep:
    """Hand one job of what is due to the workers, unless more than `most_opened` cases were opened in this hour."""
    return await services.store.due.sweep(
        services.clock(), calls_per_case=1 if services.minting_on_send else 0, most_opened=most_opened
    )


async def redrive_once(services: Services) -> int:
    """Queue again the events that nobody handled in time, and return how many there were."""
    redriven = await services.store.inbox.redrive(services.clock())
    if redriven:
        log.warning("inbox.redriven", events=redriven)
    return redriven
