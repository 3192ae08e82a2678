"""Time, run forward: fast between the moments at which something is due, and patient at each until it is done."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from cli.lab.clock import ShiftedClock

# A campaign of 27 days with six mails is seen in well under a minute.
SPEED = timedelta(days=2)
"""How much time runs in a real second."""
TICK_SECONDS = 0.04
# So that each mail is seen coming. The processes need far less.
DWELL_SECONDS = 0.7
# Work that is held up, by Paddle's 429 say, is not waited for any longer.
PATIENCE = timedelta(seconds=10)


class Agenda(Protocol):
    """What time runs into."""

    async def next_stop(self, now: datetime) -> datetime | None:
        """Return the next moment at which something is to happen."""

    async def act(self, now: datetime) -> None:
        """Do what Paddle does by itself, as far as its time has come."""

    async def is_quiet(self, now: datetime) -> bool:
        """Tell whether nobody is at work on anything."""


class FastForward:
    """Runs a clock to a moment. What is due on the way happens at its time, one after another.

    Time stands still for whoever holds `standing`, to change the world.
    """

    def __init__(
        self,
        clock: ShiftedClock,
        agenda: Agenda,
        *,
        patience: timedelta = PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Begin at rest."""
        self.clock = clock
        self.began_at = clock()
        self.target: datetime | None = None
        self.standing = asyncio.Lock()
        self._agenda = agenda
        self._patience_seconds = patience.total_seconds()
        self._sleep = sleep
        self._wanted = asyncio.Event()
        self._busy_since: float | None = None

    def run_to(self, moment: datetime) -> None:
        """Begin to run to this moment."""
        self.target = moment
        self._wanted.set()

    async def run_to_next_stop(self) -> bool:
        """Begin to run to the next moment at which something is due, and say whether there is one.

        Whoever asks in the same moment as a renewal is declined means the case that is about to open.
        """
        while not await self._may_run(self.clock()):
            await self._sleep(TICK_SECONDS)
        stop = await self._agenda.next_stop(self.clock())
        if stop is not None:
            self.run_to(stop)
        return stop is not None

    def stop(self) -> None:
        """Let time go on as it does in reality."""
        self.target = None
        self._wanted.clear()

    async def run(self) -> None:
        """Run time whenever that is wanted, until canceled."""
        last = time.monotonic()
        while True:
            if self.target is None:
                await self._wanted.wait()
                last = time.monotonic()
            await self._sleep(TICK_SECONDS)
            elapsed, last = time.monotonic() - last, time.monotonic()
            # A tick that came late does not leap.
            if await self._step(SPEED * min(elapsed, 2 * TICK_SECONDS)):
                await self._sleep(DWELL_SECONDS)
                last = time.monotonic()

    async def _step(self, most: timedelta) -> bool:
        """Run on by at most so much, and say whether something has become due by it."""
        async with self.standing:
            now = self.clock()
            stop = await self._agenda.next_stop(now)
            if self.target is None or not await self._may_run(now):
                return False
            reached = min(filter(None, (self.target, stop, now + most)))
            self.clock.forward_to(reached)
            if reached >= self.target:
                self.stop()
            if stop is None or reached < stop:
                return False
            await self._agenda.act(self.clock())
            return True

    async def _may_run(self, now: datetime) -> bool:
        """Tell whether all work is done, or has been waited for long enough."""
        if await self._agenda.is_quiet(now):
            self._busy_since = None
            return True
        self._busy_since = self._busy_since or time.monotonic()
        return time.monotonic() - self._busy_since > self._patience_seconds
