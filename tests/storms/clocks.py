"""The clocks of a storm: one for all, which jumps ahead when everybody waits, and each process' own error."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.faked_clock import FakedClock


class _Clock(FakedClock):
    def set(self, ahead: float) -> None:
        self._ahead = timedelta(seconds=ahead)
        self._write()


class Clocks:
    """Tells the time that processes started with their `environment` go by, in seconds after the storm began."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began_monotonic = time.monotonic()
        self._jumps: list[tuple[float, float]] = []
        """When on the monotonic clock, and how far ahead from then on."""
        self._files: dict[str, _Clock] = {}
        self._off: dict[str, float] = {}
        self.ahead = 0.0

    def begin(self) -> None:
        """Count the storm's seconds from now on."""
        self._began_monotonic = time.monotonic()

    def environment(self, name: str) -> dict[str, str]:
        """Give what makes a process go by its clock."""
        if name not in self._files:
            self._files[name] = _Clock(self._folder / f"clock.{name.replace(' ', '.')}")
            self._set(name)
        return self._files[name].environment()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def seconds(self) -> float:
        """Return how long the storm has gone on, with the time that was jumped over."""
        return self.at_monotonic(time.monotonic())

    def at_monotonic(self, moment: float) -> float:
        """Return the same of a moment on the machine's monotonic clock."""
        ahead = next((ahead for since, ahead in reversed(self._jumps) if since <= moment), 0.0)
        return moment - self._began_monotonic + ahead

    def jump(self, seconds: float) -> None:
        """Let so much time pass for everybody."""
        self.ahead += seconds
        self._jumps.append((time.monotonic(), self.ahead))
        for name in self._files:
            self._set(name)

    def put_off(self, name: str, seconds: float) -> None:
        """Make one process' clock wrong by so much, or right with 0."""
        self._off[name] = seconds
        self._set(name)

    def _set(self, name: str) -> None:
        self._files[name].set(self.ahead + self._off.get(name, 0.0))
