"""Looks every ten seconds: says that this process lives, finds out what is wrong, and tells somebody."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import structlog

from dunning.errors import OperatorMustActError, TransientError
from dunning.rules.troubles import AWAY_AFTER, Seen, Trouble
from dunning.settings.load import Settings
from dunning.store import REDIS_ERRORS, Role, Store, diagnose
from dunning.time_limits import LARGEST_CLOCK_SKEW
from dunning.watch.certificate import certificate_end
from dunning.watch.send import AlertSender
from dunning.watch.tell import SharedTelling, Teller

log = structlog.get_logger()

EVERY = timedelta(seconds=10)
REDIS_WITHIN = timedelta(seconds=5)
CERTIFICATE_EVERY = timedelta(hours=1)
PING_EVERY = timedelta(minutes=1)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


async def watch_forever(
    settings: Settings, redis_url: str, role: Role, clock: Callable[[], datetime] = utc_now
) -> None:
    """Look until canceled, whatever fails. Outlives a Redis that goes away and comes back."""
    store = Store.open(redis_url, rate_limit=settings.paddle.rate_limit)
    watcher = Watcher(settings, store, role, clock)
    try:
        while True:
            try:
                await watcher.look()
            except Exception:  # the next look may well succeed, and without any we would be blind
                log.exception("watch.fault")
            await asyncio.sleep(EVERY.total_seconds())
    finally:
        await store.close()


class Watcher:
    """One process's look at itself and at the others."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        role: Role,
        clock: Callable[[], datetime] = utc_now,
        machine_clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare to look.

        Args:
            settings: of this process.
            store: of its own, so that nothing else closes it.
            role: what this process is.
            clock: the time by which cases and alerts go.
            machine_clock: this machine's own time, whatever clock the rules go by.
        """
        self._settings = settings
        self._store = store
        self._role = role
        self._clock = clock
        self._machine_clock = machine_clock
        self._process = uuid4().hex
        self._sender = AlertSender(settings.alerts)
        place = urlsplit(settings.public_url).hostname or settings.public_url
        self._teller = Teller(self._sender, place)
        self._shared = SharedTelling(store, self._teller)
        self._redis_troubled_since: datetime | None = None
        self._pinged_at: float | None = None

    async def look(self) -> None:
        """Look once.

        1. Try Redis, and say there that this process lives.
        2. Tell of Redis by oneself: there is nowhere to share what was told.
        3. Look at the certificate, if it is this process' turn.
        4. Tell of all else, if it is this process' turn.
        5. Ping, if all processes live and nobody is left untold.
        """
        now = self._clock()
        trouble = await self._try_redis()
        await self._teller.tell_of_redis(self._seen_of_redis(trouble, now), now)
        if trouble is not None:
            return
        try:
            await self._look_at_certificate()
            await self._shared.look(now)
        except REDIS_ERRORS:
            return  # the next look begins with Redis
        await self._ping()

    async def _try_redis(self) -> Seen | None:
        """Say that this process lives, and return what keeps it from that."""
        try:
            async with asyncio.timeout(REDIS_WITHIN.total_seconds()):
                skew = self._machine_clock() - await self._store.health.time()
                await self._store.health.ready(self._clock())
                await self._store.watching.beat(self._role, self._process, clock_is_off=abs(skew) > LARGEST_CLOCK_SKEW)
        except OperatorMustActError as error:
            return Seen(Trouble.REDIS_REFUSES_WRITES, detail=str(error))
        except TransientError as error:
            return Seen(Trouble.REDIS_AWAY, detail=str(error))
        except REDIS_ERRORS as error:
            return Seen(Trouble.REDIS_AWAY, detail=str(diagnose(error)))
        return None

    def _seen_of_redis(self, trouble: Seen | None, now: datetime) -> list[Seen]:
        """Return the trouble once it has gone on for long enough that Redis isn't just being restarted."""
        if trouble is None:
            self._redis_troubled_since = None
            return []
        self._redis_troubled_since = self._redis_troubled_since or now
        return [trouble] if now - self._redis_troubled_since >= AWAY_AFTER else []

    async def _look_at_certificate(self) -> None:
        if await self._store.watching.take_certificate_look(CERTIFICATE_EVERY):
            ends_at = await certificate_end(self._settings.public_url, self._machine_clock())
            if ends_at is not None:
                await self._store.watching.keep_certificate_end(ends_at)

    async def _ping(self) -> None:
        now = asyncio.get_running_loop().time()
        is_due = self._pinged_at is None or now - self._pinged_at >= PING_EVERY.total_seconds()
        if self._sender.pings and is_due and self._shared.all_live and self._teller.all_told:
            self._pinged_at = now
            await self._sender.ping()
