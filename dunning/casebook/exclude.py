"""Who gets no mail: said by an operator, and noted in the stories of the cases that it holds for."""

from collections.abc import Iterable
from datetime import datetime

from dunning.rules.story import Entry, Kind
from dunning.store import Store


async def exclude(store: Store, who: str, open_cases: Iterable[str], now: datetime, *, by: str) -> bool:
    """Exclude a customer or a subscription, note it in these open cases of theirs, and return whether that is new."""
    new = await store.exclusions.exclude(who, now, by)
    for case_id in open_cases if new else ():
        await store.cases.note(case_id, Entry(kind=Kind.EXCLUDED, who=who, operator=by), now)
    return new


async def include(store: Store, who: str, open_cases: Iterable[str], now: datetime, *, by: str) -> bool:
    """Take an exclusion back, note it in these open cases of theirs, and return whether there was one."""
    was = await store.exclusions.include(who)
    for case_id in open_cases if was else ():
        await store.cases.note(case_id, Entry(kind=Kind.INCLUDED, who=who, operator=by), now)
    return was
