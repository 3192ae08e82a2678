"""Reconciling as the worker does it, where nothing waits: a grant is there at once or not at all, and no thread is."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from dunning.errors import DunningError, GrantRefusedError
from dunning.paddle_api.client import NextGrant
from dunning.paddle_api.grants import Grant
from worker.reconcile.forever import KeepTurn, Rhythm, Runs
from worker.reconcile.reconciler import Reconciler
from worker.services import Services

RHYTHM = Rhythm()

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class FaultError(BaseException):
    """What a worker would log as a fault, and go on. No `except Exception` catches this."""


class Healer:
    """A worker that has just started, and reconciles."""

    def __init__(self, services: Services) -> None:
        self._runs = _Runs(services, grants=_at_once, in_thread=_here)
        self._clock = services.clock
        self._started_at = services.clock()

    async def look(self) -> bool:
        """Do what is due by now, and return whether nothing went wrong."""
        just_started = self._clock() - self._started_at < RHYTHM.debts_soon
        self._runs.went_well = True
        await self._runs.look(RHYTHM, just_started=just_started)
        return self._runs.went_well


class _Runs(Runs):
    """The worker's runs, and none of their faults goes unseen."""

    went_well = True

    async def events(self, reconciler: Reconciler) -> None:
        await self._watch(super().events(reconciler))

    async def debts(self, reconciler: Reconciler) -> None:
        await self._watch(super().debts(reconciler))

    async def _watch(self, run: Awaitable[None]) -> None:
        try:
            await run
        except DunningError:
            self.went_well = False
            raise
        except Exception as error:
            raise FaultError from error


def _at_once(services: Services, keep_turn: KeepTurn) -> NextGrant:
    async def next_grant() -> Grant:
        await keep_turn()
        grants = await services.store.limiter.ask(1, background=True)
        if grants is None:
            raise GrantRefusedError("The API budget has no room for reconciling now.")
        return grants[0]

    return next_grant


async def _here(work: Callable[Asked, Answer], /, *args: Asked.args, **named: Asked.kwargs) -> Answer:
    return work(*args, **named)
