"""A loop for what never waits: no clock, no sockets, only what is ready now.

A rehearsal's time is a value, and its store and mail server are in memory. So asyncio's own loop would ask the system,
between any two steps, for sockets that don't exist, and give each task a turn of its own.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Nothing:
    """Stands where a loop has its sockets."""

    def select(self, timeout: float | None) -> list[object]:
        """Find nothing.

        Raises:
            RuntimeError: only a timer or a socket could go on from here.
        """
        if timeout != 0:
            raise RuntimeError("a rehearsal waits for nothing")
        return []


class _Ended(asyncio.Future[Any]):
    """Stands where a task that has ended would. `asyncio.gather` writes to the attribute."""

    _log_destroy_pending = False


class TimelessLoop(asyncio.BaseEventLoop):
    """Runs tasks and what they call back."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Nothing()

    def create_task(self, coro: Any, **how: Any) -> Any:  # noqa: ANN401 - as wide as asyncio
        """Run it to its end, at once, where asyncio would give it a turn: none waits for another.

        Raises:
            RuntimeError: it waits for something.
        """
        if not self.is_running():  # the rehearsal itself
            return super().create_task(coro, **how)
        ended = _Ended(loop=self)
        try:
            coro.send(None)
        except StopIteration as end:
            ended.set_result(end.value)
        except BaseException as error:  # noqa: BLE001 - as a task does, for whoever awaits it
            ended.set_exception(error)
        else:
            coro.close()
            raise RuntimeError("a rehearsal waits for nothing")
        return ended

    def _process_events(self, event_list: list[object]) -> None:
        """Do nothing: there are none."""

    def _write_to_self(self) -> None:
        """Do nothing: no other thread wakes this loop."""


def run(played: Coroutine[Any, Any, Result]) -> Result:
    """Run a rehearsal to its end."""
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(played)
