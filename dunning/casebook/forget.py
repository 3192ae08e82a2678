"""Forgetting a customer: all that names them is deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dunning.store.forgotten import Named
from dunning.suppression import customer_key

# What a worker was just writing is found the next time.
TIMES = 10


class Forgotten(Protocol):
    """Where what names a customer is deleted."""

    async def remember(self, customer_key: str, now: datetime) -> None: ...
    async def purge(self, customer_id: str) -> Named: ...


class Store(Protocol):
    """The part of the store that is used here."""

    @property
    def forgotten(self) -> Forgotten: ...


async def forget(store: Store, customer_id: str, link_secrets: Sequence[str], now: datetime) -> Named:
    """Delete all that names a customer, and return what that was. The first of the secrets keys what is remembered.

    It is remembered first: from then on, no event opens a case of theirs.
    """
    await store.forgotten.remember(customer_key(customer_id, link_secrets[0]), now)
    found = Named()
    for _ in range(TIMES):
        purged = await store.forgotten.purge(customer_id)
        if purged.is_nothing:
            break
        found = found.with_more(purged)
    return found
