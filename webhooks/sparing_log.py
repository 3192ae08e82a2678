"""Logs only now and then what strangers can provoke at will, and says how many lines were left out."""

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
    """Writes at most one line a minute of each kind. If lines were left out, the next one has their number, `unsaid`.

    Every kind is remembered, so there must be few kinds: never make one of a request's text. `clock` gives seconds that
    never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], _Told] = {}

    def info(self, event: str, kind: str = "", **facts: object) -> None:
        """Log the normal course."""
        self._say(log.info, event, kind, facts)

    def warning(self, event: str, kind: str = "", **facts: object) -> None:
        """Log what mends itself, or was caused by somebody else."""
        self._say(log.warning, event, kind, facts)

    def error(self, event: str, kind: str = "", **facts: object) -> None:
        """Log what somebody has to look at."""
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
