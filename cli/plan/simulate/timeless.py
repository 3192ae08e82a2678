"""An event loop for work that never waits: no clock, no sockets, only what is ready now.

A rehearsal's clock is simulated, and its store and mail server are in memory. There are no sockets, but asyncio's own
loop would ask the system for them between any two steps.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Nothing:
    """Takes the place of a loop's selector."""

    def select(self, timeout: float | None) -> list[object]:
        """Find nothing.

        Raises:
            RuntimeError: only a timer or a socket could go on from here.
        """
        if timeout != 0:
            raise RuntimeError("a rehearsal waits for nothing")
        return []


class TimelessLoop(asyncio.BaseEventLoop):
    """Runs tasks and callbacks only."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Nothing()

    def _process_events(self, event_list: list[object]) -> None:
        """Do nothing: there are none."""

    def _write_to_self(self) -> None:
        """Do nothing: no other thread wakes this loop."""


def run(played: Coroutine[Any, Any, Result]) -> Result:
    """Run a rehearsal to its end."""
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(played)
