"""An event loop whose time is only a value: where everybody waits, it is at once as late as the first of them wants.

Tasks, timers and timeouts are asyncio's own. There are no sockets, threads or processes.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Waiting:
    """Stands where asyncio would ask the system to wait."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Let this much time pass.

        Raises:
            RuntimeError: nothing would ever happen any more.
        """
        if timeout is None:
            raise RuntimeError("everybody waits for somebody else")
        self._loop.now += timeout
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """Tells its own time, in seconds from 0 on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._selector = _Waiting(self)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return the time."""
        return self.now

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: there are none."""

    def _write_to_self(self) -> None:
        """Do nothing: no other thread wakes this loop."""


def run(played: Coroutine[Any, Any, Result]) -> Result:
    """Run something to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(played)
