"""Traces of events in memory."""

from dunning.store.memory.kept import Kept
from dunning.store.traces import Trace


class MemoryTraces:
    """What `dunning.store.traces.Traces` is to Redis, as far as somebody plays with it."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def events(self, transaction_id: str) -> list[Trace]:
        """Return the last events of a transaction that came to no case, oldest first."""
        return self._kept.traces.get(transaction_id) or []
