"""What is to be told to the seller's programs, in memory: it is written as in Redis, and nobody is told."""

from collections.abc import Collection
from datetime import datetime

from dunning.store.memory.kept import Kept


class MemoryOutWebhooks:
    """What `dunning.store.out_webhooks.OutWebhooks` is to Redis, as far as what happens is written."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def register(self, destinations: Collection[str], now: datetime) -> int:  # noqa: ARG002 - as of Redis
        """Have what happens from now on written for these, and for no others."""
        self._kept.out_destinations = set(destinations)
        if not destinations:
            self._kept.out_new.clear()
        return 0

    async def destinations(self) -> set[str]:
        """Return the names of those that are told."""
        return set(self._kept.out_destinations)
