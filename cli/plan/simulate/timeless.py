"""An event loop for work that never waits: no clock, no sockets, only what is ready now.

A rehearsal's clock is simulated, and its store and mail server are in memory. There are no sockets, but asyncio's own
loop would ask the system for them between any two steps, and give each task a turn of its own.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Args = TypeVarTuple("Args")


class _Ended(asyncio.Future[Any]):
    """Stands where a task that has ended would. `asyncio.gather` writes to the attribute."""

    _log_destroy_pending = False


class TimelessLoop(asyncio.BaseEventLoop):
    """Runs tasks and callbacks only."""

    _ready: deque[asyncio.Handle]

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

    def call_soon(
        self, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> asyncio.Handle:
        """Put it at the end of what is ready."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def _run_once(self) -> None:
        """Run what has been ready for longest.

        Raises:
            RuntimeError: only a timer or a socket could go on from here.
        """
        if not self._ready:
            raise RuntimeError("a rehearsal waits for nothing")
        handle = self._ready.popleft()
        if not handle.cancelled():
            handle._run()  # noqa: SLF001 - as asyncio's own loop does

    def _write_to_self(self) -> None:
        """Do nothing: no other thread wakes this loop."""


def run(played: Coroutine[Any, Any, Result]) -> Result:
    """Run a rehearsal to its end."""
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(played)
