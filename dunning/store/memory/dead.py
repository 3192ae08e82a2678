"""Dead events in memory."""

from collections.abc import Sequence

from dunning.store.memory.kept import Kept
from dunning.store.traces import DeadEvent


class MemoryDead:
    """What `dunning.store.dead.Dead` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def all(self) -> list[DeadEvent]:
        """Return every dead event, the oldest first."""
        found = [one for event_id in self._kept.dead if (one := self._kept.dead.get(event_id)) is not None]
        return sorted(found, key=lambda one: (one.at, one.event_id))

    async def drop(self, event_ids: Sequence[str]) -> list[str]:
        """Handle these no more, and return those that were dead."""
        dropped = [event_id for event_id in event_ids if event_id in self._kept.dead]
        for event_id in dropped:
            self._kept.handle(event_id)
        return dropped
