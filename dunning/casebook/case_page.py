"""Listing cases, for the command, the API and the screen: a page reads as much of an index as it shows."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dunning.casebook.campaigns import Campaigns
from dunning.casebook.find import ONLY_OPEN, CaseQuery, ListedCase
from dunning.casebook.late import late
from dunning.casebook.step_rows import step_rows
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.rules.case import CaseState
from dunning.store import Place, Store

# How many cases are read in one trip to Redis, at most and at least.
CHUNK, FEWEST_READ = 500, 100
# So many are looked at for one page. Where few of them are wanted, the page is short, and its cursor leads on.
MOST_LOOKED_AT = 2_000

CURSOR = r"^(open|ended)\.\d{1,15}\.txn_[a-z0-9]{26}$"


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some cases, and the cursor of the next page; None after the last. A page may be short of its limit, or empty."""

    cases: Sequence[ListedCase]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class _Cursor:
    """After which place to read on, among the open cases or the ended ones."""

    ended: bool
    after: Place

    def __str__(self) -> str:
        return f"{'ended' if self.ended else 'open'}.{self.after.at}.{self.after.case_id}"


async def read_case_page(  # noqa: PLR0917 - what it reads from, what, and how much
    store: Store, campaigns: Campaigns, wanted: CaseQuery, limit: int, now: datetime, cursor: str | None = None
) -> CasePage:
    """Return the cases after a cursor, or the first: open ones by when they are looked at next, then the last ended.

    A case that is written between two pages may appear on both, or on none.

    Raises:
        ValueError: the cursor is none of ours.
    """
    found: list[ListedCase] = []
    looked_at, last = 0, _read(cursor)
    async for ended, chunk in _chunks(store, wanted, last, count=min(CHUNK, max(limit + 1, FEWEST_READ))):
        if not chunk:
            continue
        if len(found) == limit:
            return CasePage(found, str(last))
        versions = await store.cases.read_versioned([place.case_id for place in chunk])
        lates = await store.due.late_since([place.case_id for place in chunk])
        for place, read, since in zip(chunk, versions, lates, strict=True):
            if len(found) == limit:
                return CasePage(found, str(last))
            last = _Cursor(ended, place)
            if read.unreadable and not wanted.is_narrow:
                found.append(ListedCase(place.case_id, None, None, []))
            elif read.case is not None and read.case.is_open is not ended and wanted.takes(read.case):
                steps = step_rows(read.case, await campaigns.of(read.case))
                looks = from_milliseconds(place.at) if read.case.is_open else None
                its_late = late(steps, since, looks, now) if read.case.is_open else None
                found.append(ListedCase(read.case.id, looks, read.case, steps, its_late))
        looked_at += len(chunk)
        if looked_at >= MOST_LOOKED_AT:
            return CasePage(found, str(last))
    return CasePage(found, None)


async def listed_cases(
    store: Store, campaigns: Campaigns, wanted: CaseQuery, now: datetime, most: int | None = None
) -> AsyncIterator[ListedCase]:
    """Give the cases that are wanted, page after page, each once, and so many at most."""
    told: set[str] = set()
    cursor: str | None = None
    at_once = MOST_LOOKED_AT if most is None else min(most, MOST_LOOKED_AT)
    while True:
        page = await read_case_page(store, campaigns, wanted, at_once, now, cursor)
        for one in page.cases:
            # While we read, the sweep moves cases about, and some end.
            if one.id not in told:
                told.add(one.id)
                yield one
            if len(told) == most:
                return
        cursor = page.cursor
        if cursor is None:
            return


def _read(cursor: str | None) -> _Cursor | None:
    if cursor is None:
        return None
    if not re.fullmatch(CURSOR, cursor):
        raise ValueError("A cursor is what a page before this one gave.")
    kind, at, case_id = cursor.split(".")
    return _Cursor(kind == "ended", Place(int(at), case_id))


async def _chunks(
    store: Store, wanted: CaseQuery, begin: _Cursor | None, *, count: int
) -> AsyncIterator[tuple[bool, list[Place]]]:
    """Give what may be wanted, from the cursor on, and whether it is among the ended ones."""
    if CaseState.OPEN in wanted.states and not (begin and begin.ended):
        async for chunk in _open_chunks(store, wanted, begin.after if begin else None, count=count):
            yield False, chunk
    if wanted.ended:
        after = begin.after if begin and begin.ended else None
        oldest = 0 if wanted.since is None else to_milliseconds(wanted.since)
        while chunk := await _ended_chunk(store, wanted, after, count=count):
            yield True, [one for one in chunk if one.at >= oldest]
            after = chunk[-1]
            if after.at < oldest:
                return


async def _open_chunks(
    store: Store, wanted: CaseQuery, after: Place | None, *, count: int
) -> AsyncIterator[list[Place]]:
    if wanted.customer is not None:
        ids = await store.cases.open_of_customer(wanted.customer)
        whens = zip(ids, await store.due.when(ids), strict=True)
        places = sorted(Place(to_milliseconds(at), case_id) for case_id, at in whens if at is not None)
        yield [one for one in places if after is None or one > after]
        return
    while chunk := await store.lists.open(wanted.campaign, after, count):
        yield chunk
        after = chunk[-1]


async def _ended_chunk(store: Store, wanted: CaseQuery, after: Place | None, *, count: int) -> list[Place]:
    entity_id = wanted.subscription or wanted.customer
    if entity_id is not None:
        return await store.lists.history(entity_id, after, count)
    return await store.lists.ended(wanted.states - ONLY_OPEN, wanted.reason, wanted.campaign, after, count)
