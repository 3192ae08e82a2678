"""How much memory the bodies that are being read may take together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from dunning.errors import TransientError


class NoRoomError(TransientError):
    """The bodies that are being read take all the memory they may, and this is the largest."""


class Body:
    """A body that is being read."""

    def __init__(self, budget: "BodyBudget", patience: asyncio.Timeout) -> None:
        self.content = bytearray()
        self.evicted = False
        self._budget = budget
        self._patience = patience

    def add(self, chunk: bytes) -> None:
        """Add what has come.

        Raises:
            NoRoomError: other bodies needed its room, or need it now.
        """
        self.check()
        self.content += chunk
        self._budget.take(len(chunk))
        self.check()

    def check(self) -> None:
        """Tell whether it is still whole.

        Raises:
            NoRoomError: other bodies needed its room.
        """
        if self.evicted:
            raise NoRoomError("There is no room for this body now.")

    def give_way(self) -> None:
        """Wake whoever waits for more of it."""
        self.evicted = True
        if not self._patience.expired():  # else it is about to be woken, and can't be rescheduled
            self._patience.reschedule(asyncio.get_running_loop().time())


class BodyBudget:
    """Memory for bodies, in bytes. When it is used up, the largest body gives way, so that small ones get through."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.taken_bytes = 0
        self._bodies: set[Body] = set()

    @contextmanager
    def reading(self, patience: asyncio.Timeout) -> Iterator[Body]:
        """Give a body that counts until the block is left. `patience` is the timeout around the reading of it."""
        body = Body(self, patience)
        self._bodies.add(body)
        try:
            yield body
        finally:
            self._release(body)

    def take(self, count: int) -> None:
        """Count bytes that a body has grown by, and put bodies out, the largest first, until the others fit."""
        self.taken_bytes += count
        while self.taken_bytes > self._limit_bytes:
            largest = max(self._bodies, key=lambda body: len(body.content))
            self._release(largest)
            largest.give_way()

    def _release(self, body: Body) -> None:
        if body in self._bodies:
            self._bodies.remove(body)
            self.taken_bytes -= len(body.content)
            # Nothing else does so soon: a refusal's traceback holds the body, in a cycle that waits to be found.
            body.content.clear()
