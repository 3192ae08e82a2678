"""Write what strangers can provoke at will only now and then, and say how often it was left unsaid."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

log = structlog.get_logger()

ONE_LINE_IN_SECONDS = 60.0


@dataclass(slots=True)
class _Told:
    at_seconds: float
    unsaid: int = 0


class SparingLog:
    """Writes one line a minute of each kind. A line after some that were left out has their number, `unsaid`.

    Every kind is remembered, so kinds are few: no text of a request makes one. `clock` gives seconds that never
    go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], _Told] = {}

    def info(self, event: str, kind: str = "", **facts: object) -> None:
        """Log the normal course."""
        self._say(log.info, event, kind, facts)

    def warning(self, event: str, kind: str = "", **facts: object) -> None:
        """Log what mends itself, or is somebody else's doing."""
        self._say(log.warning, event, kind, facts)

    def error(self, event: str, kind: str = "", **facts: object) -> None:
        """Log what wants somebody."""
        self._say(log.error, event, kind, facts)

    def _say(self, write: Callable[..., Any], event: str, kind: str, facts: dict[str, object]) -> None:
        now = self._clock()
        last = self._told.get((event, kind))
        if last is not None and now - last.at_seconds < ONE_LINE_IN_SECONDS:
            last.unsaid += 1
            return
        if last is not None and last.unsaid:
            facts["unsaid"] = last.unsaid
        self._told[event, kind] = _Told(now)
        write(event, **facts)
