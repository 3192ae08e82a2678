"""Addresses that an operator, or the seller's program, says not to mail, or to mail again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dunning.addresses.mailable import mailable_address
from dunning.errors import NotMailableError
from dunning.store import Store
from dunning.suppression import address_key, address_keys

BY_OPERATOR = "by_operator"


@dataclass(frozen=True, slots=True)
class SuppressedFor:
    """How many addresses are suppressed for a reason, and since when the latest of them is."""

    reason: str
    addresses: int
    latest: datetime


async def suppress(store: Store, address: str, link_secrets: Sequence[str], now: datetime) -> bool:
    """Suppress an address, and return whether it wasn't yet.

    Raises:
        NotMailableError: it is no address that mail can be sent to.
    """
    _check(address)
    if await store.suppressions.has(address_keys(address, link_secrets)):
        return False
    await store.suppressions.add(address_key(address, link_secrets[0]), BY_OPERATOR, now)
    return True


async def mail_again(store: Store, address: str, link_secrets: Sequence[str]) -> bool:
    """Take an address off, and return whether it was suppressed.

    Raises:
        NotMailableError: it is no address that mail can be sent to.
    """
    _check(address)
    return await store.suppressions.remove(address_keys(address, link_secrets))


async def suppressed(store: Store) -> list[SuppressedFor]:
    """Tell how many are suppressed for which reasons, the most frequent first."""
    found = await store.suppressions.all()
    return [
        SuppressedFor(reason, count, max(one.since for one in found if one.reason == reason))
        for reason, count in Counter(one.reason for one in found).most_common()
    ]


def _check(address: str) -> None:
    if mailable_address(address) is None:
        raise NotMailableError("It is no email address that mail can be sent to.")
