"""Who gets no mail: said by an operator or a program, and noted in the stories of the cases that it holds for."""

from datetime import datetime

from dunning.rules.story import Entry, Kind
from dunning.store import Store


async def exclude(store: Store, who: str, now: datetime, *, by: str, customer: str | None = None) -> list[str] | None:
    """Exclude a customer or a subscription, and note it in the stories of their open cases.

    Args:
        store: where.
        who: the customer (`ctm_…`) or the subscription (`sub_…`).
        now: the time.
        by: whose word it is.
        customer: whose subscription it is, where that is known. Otherwise all open cases are looked through.

    Returns:
        Their open cases, or None if they were excluded already.
    """
    if not await store.exclusions.exclude(who, now, by):
        return None
    return await _note(store, Entry(kind=Kind.EXCLUDED, who=who, operator=by), now, customer)


async def include(store: Store, who: str, now: datetime, *, by: str, customer: str | None = None) -> list[str] | None:
    """Take an exclusion back, and note it as `exclude` does. Return their open cases, or None if there was none."""
    if not await store.exclusions.include(who):
        return None
    return await _note(store, Entry(kind=Kind.INCLUDED, who=who, operator=by), now, customer)


async def _note(store: Store, entry: Entry, now: datetime, customer: str | None) -> list[str]:
    open_cases = await _open_cases(store, str(entry.who), customer)
    for case_id in open_cases:
        await store.cases.note(case_id, entry, now)
    return open_cases


async def _open_cases(store: Store, who: str, customer: str | None) -> list[str]:
    if who.startswith("ctm_"):
        return await store.cases.open_of_customer(who)
    if customer is None:
        return await store.cases.open_of_subscription(who)
    ids = await store.cases.open_of_customer(customer)
    reads = await store.cases.read_versioned(ids)
    return [one for one, read in zip(ids, reads, strict=True) if read.case and read.case.subscription_id == who]
