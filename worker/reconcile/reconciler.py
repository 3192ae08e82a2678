"""What reconciling works with, and one run of it: the events that were missed, then the debts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from dunning.paddle_api.client import NextGrant
from dunning.rules.breaker import Breaker
from dunning.rules.campaign import Campaign
from worker import ports

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class InThread(Protocol):
    """Runs a function that takes its time beside all else."""

    def __call__(self, work: Callable[Asked, Answer], /, *args: Asked.args, **named: Asked.kwargs) -> Awaitable[Answer]:
        """Run it, and give what it returns."""
        ...


def _quietly(_what: str, _done: int, _of: int | None) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Everything a run uses. `tell` is given its progress: what is read or written, how many so far, of how many."""

    store: ports.Store
    paddle: ports.Paddle
    campaigns: Sequence[Campaign]
    breaker: Breaker
    next_grant: NextGrant
    clock: Callable[[], datetime]
    tell: Callable[[str, int, int | None], None] = _quietly
    in_thread: InThread = asyncio.to_thread
    link_secrets: Sequence[str] = ()
    """They key what is remembered of customers who were forgotten."""
