"""What reconciling works with, and one run of it: the events that were missed, then the debts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dunning.paddle_api.client import NextGrant, PaddleClient
from dunning.rules.breaker import Breaker
from dunning.rules.campaign import Campaign
from dunning.store import Store


def _quietly(_what: str, _done: int, _of: int | None) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Everything a run uses. `tell` is given its progress: what is read or written, how many so far, of how many."""

    store: Store
    paddle: PaddleClient
    campaigns: Sequence[Campaign]
    breaker: Breaker
    next_grant: NextGrant
    clock: Callable[[], datetime]
    tell: Callable[[str, int, int | None], None] = _quietly
