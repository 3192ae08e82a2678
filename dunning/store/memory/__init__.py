"""The store in memory: what the Redis store keeps, under the same names, with the same answers and conflicts.

The rehearsal, the million months and the stateful tests run the worker's own functions over it. What Redis alone can do
wrong (connections, scripts, a disk that is full) it can't.
"""

from collections.abc import Callable
from datetime import datetime

from dunning.rules.story import Entry
from dunning.store.memory.asked import MemoryToAsk
from dunning.store.memory.cases import MemoryCases
from dunning.store.memory.dead import MemoryDead
from dunning.store.memory.due import MemoryBrakes, MemoryDueIndex, MemoryHolds, MemoryLimiter
from dunning.store.memory.few import (
    MemoryCampaignVersions,
    MemoryClicks,
    MemoryCounters,
    MemoryExclusions,
    MemoryHoldOut,
    MemoryRefusals,
    MemorySeen,
    MemorySuppressions,
)
from dunning.store.memory.forgotten import MemoryForgotten
from dunning.store.memory.in_vain import MemoryTriesInVain
from dunning.store.memory.inbox import MemoryInbox
from dunning.store.memory.kept import Batch, Kept
from dunning.store.memory.out_webhooks import MemoryOutWebhooks
from dunning.store.memory.reconciling import MemoryReconciling
from dunning.store.memory.sums import MemorySums
from dunning.store.memory.traces import MemoryTraces

__all__ = ["Batch", "MemoryStore"]


class MemoryStore:
    """The store, each part a thing it keeps. `kept` is open to whoever plays with it."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        rate_limit: int,
        as_text: bool = True,
        told: Callable[[str, Entry, datetime], None] | None = None,
    ) -> None:
        """Begin empty.

        Args:
            clock: the store's own time, by which what has a time to live ends.
            rate_limit: API calls allowed in any 60 s.
            as_text: whether cases are written and read as Redis holds them, with moments of whole milliseconds.
            told: is given each entry of each case's story.
        """
        self.kept = kept = Kept(clock, as_text, told)
        self.brakes = MemoryBrakes(kept)
        self.campaigns = MemoryCampaignVersions(kept)
        self.cases = MemoryCases(kept)
        self.clicks = MemoryClicks(kept)
        self.counters = MemoryCounters(kept)
        self.dead = MemoryDead(kept)
        self.exclusions = MemoryExclusions(kept)
        self.hold_out = MemoryHoldOut()
        self.holds = MemoryHolds(kept)
        self.in_vain = MemoryTriesInVain(kept)
        self.inbox = MemoryInbox(kept)
        self.limiter = MemoryLimiter(kept, rate_limit)
        self.due = MemoryDueIndex(kept, rate_limit, self.brakes, self.holds, self.limiter)
        self.lost = MemoryToAsk(kept, kept.lost)
        self.out_webhooks = MemoryOutWebhooks(kept)
        self.reconciling = MemoryReconciling(kept)
        self.recovered = MemoryToAsk(kept, kept.recovered)
        self.refusals = MemoryRefusals(kept)
        self.seen = MemorySeen(kept)
        self.sums = MemorySums(kept)
        self.suppressions = MemorySuppressions()
        self.forgotten = MemoryForgotten(kept, self.exclusions, self.clicks, self.refusals, self.seen)
        self.traces = MemoryTraces(kept)
