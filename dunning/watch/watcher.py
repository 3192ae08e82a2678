"""Looks every ten seconds: says that this process lives, and finds out what no other part of it would notice."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog

from dunning.settings.load import Settings
from dunning.store import REDIS_ERRORS, Role, Store
from dunning.time_limits import LARGEST_CLOCK_SKEW
from dunning.watch.certificate import certificate_end

log = structlog.get_logger()

EVERY = timedelta(seconds=10)
REDIS_WITHIN = timedelta(seconds=5)
CERTIFICATE_EVERY = timedelta(hours=1)


def machine_now() -> datetime:
    """Return the time on this machine's own clock."""
    return datetime.now(UTC)


async def watch_forever(
    settings: Settings, redis_url: str, role: Role, machine_clock: Callable[[], datetime] = machine_now
) -> None:
    """Look until canceled, whatever fails. Outlives a Redis that goes away and comes back."""
    store = Store.open(redis_url, rate_limit=settings.paddle.rate_limit)
    watcher = Watcher(settings, store, role, machine_clock)
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

    def __init__(self, settings: Settings, store: Store, role: Role, machine_clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._role = role
        self._machine_clock = machine_clock
        self._process = uuid4().hex

    async def look(self) -> None:
        """Look once. A Redis that is away is told by others."""
        with contextlib.suppress(*REDIS_ERRORS):
            async with asyncio.timeout(REDIS_WITHIN.total_seconds()):
                await self._beat()
                is_our_turn = await self._store.watching.take_certificate_look(CERTIFICATE_EVERY)
            if is_our_turn:
                await self._look_at_certificate()

    async def _beat(self) -> None:
        skew = self._machine_clock() - await self._store.health.time()
        await self._store.watching.beat(self._role, self._process, clock_is_off=abs(skew) > LARGEST_CLOCK_SKEW)

    async def _look_at_certificate(self) -> None:
        ends_at = await certificate_end(self._settings.public_url, self._machine_clock())
        if ends_at is not None:
            await self._store.watching.keep_certificate_end(ends_at)
