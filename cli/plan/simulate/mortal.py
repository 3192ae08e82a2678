"""Interrupts a worker: between any two things that it does, something else may happen, or it may die.

If it dies, what it had done before stays done, and it does nothing more.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

from worker.services import Services


class Killed(BaseException):
    """The worker is gone. None of its own `except Exception` catches this."""


class Moments(Protocol):
    """The moments between the things that a worker does."""

    async def pass_by(self) -> None:
        """Let the moment pass, or raise `Killed`."""
        ...


class Life:
    """A worker's life that ends after so many moments."""

    def __init__(self, moments: int) -> None:
        self._left = moments

    async def pass_by(self) -> None:
        """Live for another moment.

        Raises:
            Killed: it was the last.
        """
        self._left -= 1
        if self._left < 0:
            raise Killed


def watched(services: Services, moments: Moments) -> Services:
    """Return the worker's services with a moment before and after each call to its store, Paddle and transport."""
    return replace(
        services,
        store=_Watched(services.store, moments),
        paddle=_Watched(services.paddle, moments),
        transport=_Watched(services.transport, moments),
    )


class _Watched:
    """A proxy of an object. Its coroutines, and those of the objects it holds, begin and end with a moment.

    What gives one page after another has a moment before each, and one at the end.
    """

    def __init__(self, stood_before: object, moments: Moments) -> None:
        self._stood_before = stood_before
        self._moments = moments

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is there
        found = getattr(self._stood_before, name)
        if inspect.isasyncgenfunction(found):
            return self._watch_pages(found)
        if callable(found):
            return self._watch(found)
        return found if isinstance(found, bool) else _Watched(found, self._moments)

    def _watch(self, call: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def live(*args: object, **named: object) -> object:
            await self._moments.pass_by()
            answer = await call(*args, **named)
            await self._moments.pass_by()
            return answer

        return live

    def _watch_pages(self, pages: Callable[..., AsyncIterator[object]]) -> Callable[..., AsyncIterator[object]]:
        async def live(*args: object, **named: object) -> AsyncIterator[object]:
            await self._moments.pass_by()
            async for page in pages(*args, **named):
                await self._moments.pass_by()
                yield page
            await self._moments.pass_by()

        return live
