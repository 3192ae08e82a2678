"""One trip to Redis for all who ask while the last one is under way.

What a trip costs this process is the same for one question as for thirty: under load that is most of what accepting
an event takes. Nobody waits for others to come: who finds no trip under way sets out at once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeAlias, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

# What is asked, where its answer goes, and since when (seconds of the loop's clock).
_Waiting: TypeAlias = tuple[Asked, asyncio.Future[Answer], float]


class SharedTrip(Generic[Asked, Answer]):
    """Collects what is asked and asks it together. Each caller gets the answer that is theirs."""

    def __init__(
        self,
        go: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]],
        at_most: int,
        within: timedelta | None = None,
    ) -> None:
        """Ask with `go`, at most so many at a time. It answers in the order asked; what is an error is raised.

        `within` is how long anybody waits for their answer at most.
        """
        self._go = go
        self._at_most = at_most
        self._within = within
        self._waiting: deque[_Waiting[Asked, Answer]] = deque()
        self._under_way: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Return the answer. Who stops waiting before the trip has begun is not taken along.

        Raises:
            TimeoutError: it took too long for the one who waited longest.
            Exception: the answer, or what `go` raised. The latter fails all who were on that trip.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((asked, answer, loop.time()))
        if self._under_way is None:
            # A task of its own: that one caller gives up must not leave the others behind.
            self._under_way = asyncio.create_task(self._travel())
        return await answer

    async def _travel(self) -> None:
        try:
            while self._waiting:
                await self._travel_once()
        finally:
            self._under_way = None

    async def _travel_once(self) -> None:
        aboard: list[_Waiting[Asked, Answer]] = []
        while self._waiting and len(aboard) < self._at_most:
            one = self._waiting.popleft()
            if not one[1].done():
                aboard.append(one)
        if not aboard:
            return
        # One timer for all: who has waited longest is aboard.
        ends_at = aboard[0][2] + self._within.total_seconds() if self._within else None
        try:
            async with asyncio.timeout_at(ends_at):
                answers = await self._go([asked for asked, _, _ in aboard])
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits
            answers = [error] * len(aboard)
        for (_, answer, _), came in zip(aboard, answers, strict=True):
            if answer.done():
                continue
            if isinstance(came, Exception):
                answer.set_exception(came)
            else:
                answer.set_result(came)
