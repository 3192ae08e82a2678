"""Taking in the events of some time once more, read from Paddle from now back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from dunning.paddle.events import Event
from dunning.paddle.intake import Accept, Bury, Refused, decide_listed
from dunning.paddle_api.client import NextGrant
from dunning.rules.healing import most_unasked
from dunning.store import Accepted
from worker.reconcile.events import Missed, bury, withhold
from worker.reconcile.reconciler import Reconciler

log = structlog.get_logger()


class NewestEvents(Protocol):
    """Where events are read, the newest first."""

    def newest_events(self, next_grant: NextGrant) -> AsyncIterator[Sequence[bytes]]:
        """Read them page by page, each as its JSON."""
        ...


@dataclass(slots=True)
class Replayed:
    """How many events of the time were read, what became of them, and how many were withheld."""

    read: int = 0
    outcomes: Counter[Accepted] = field(default_factory=Counter)
    withheld: int = 0


async def replay(
    reconciler: Reconciler,
    paddle: NewestEvents,
    since: datetime,
    until: datetime,
    *,
    dry_run: bool,
    asked_to: bool,
) -> Replayed:
    """Hand the events of this time in once more. With `dry_run` only count them.

    Unless `asked_to`, it opens no more cases than `most_unasked`.
    """
    done, missed = Replayed(), Missed()
    most = None if asked_to else most_unasked(reconciler.breaker)
    async for page in paddle.newest_events(reconciler.next_grant):
        events, oldest = await _of_time(reconciler, page, since, until, dry_run=dry_run)
        done.read += len(events)
        reconciler.tell("events", done.read, None)
        if not dry_run:
            taken = await withhold(reconciler, events, missed, most)
            done.withheld += len(events) - len(taken)
            now = reconciler.clock()
            done.outcomes.update(await asyncio.gather(*(reconciler.store.inbox.accept(event, now) for event in taken)))
        if oldest is not None and oldest < since:
            break
    return done


async def _of_time(
    reconciler: Reconciler, page: Sequence[bytes], since: datetime, until: datetime, *, dry_run: bool
) -> tuple[list[Event], datetime | None]:
    """Return the page's events of this time that concern us, and when its oldest happened."""
    events, oldest = [], None
    for body in page:
        decision = decide_listed(body)
        if isinstance(decision, Refused):
            log.warning("reconcile.not_an_event", problem=decision.reason)
            continue
        oldest = min(oldest or decision.occurred_at, decision.occurred_at)
        if not since <= decision.occurred_at <= until:
            continue
        if isinstance(decision, Accept):
            events.append(decision.event)
        elif isinstance(decision, Bury) and not dry_run:
            await bury(reconciler, decision, reconciler.clock())
    return events, oldest
