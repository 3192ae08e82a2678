"""Lists of cases, a page at a time: each case on one page, whatever is asked for."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dunning.casebook.campaigns import Campaigns
from dunning.casebook.case_page import CHUNK, MOST_LOOKED_AT, read_case_page
from dunning.casebook.find import CaseQuery
from dunning.casebook.write import write_by
from dunning.rules.case import Case, CaseState
from dunning.store import Store, keys
from tests.integration.at_rest import NOW, a_case, later, paddle_id, redis_of
from tests.integration.cases_by_hand import CAMPAIGN
from worker.list_cases import list_cases
from worker.services import WorkerServices

ENDED = frozenset({CaseState.RECOVERED, CaseState.STOPPED, CaseState.EXHAUSTED})
EVERY = ENDED | {CaseState.OPEN}


async def opened(store: Store, number: int, campaign: str = "renewal", **facts: object) -> Case:
    case = a_case().but(campaign=campaign, **facts)
    await store.cases.commit(case, 0, due_at=later(minutes=number), now=NOW)
    return case


async def end(store: Store, case: Case, state: CaseState, reason: str | None, at: datetime) -> None:
    (read,) = await store.cases.read_versioned([case.id])
    assert read.case is not None
    await write_by(store, CAMPAIGN, 0, at, read, read.case.end(state, reason, at))


async def pages(store: Store, wanted: CaseQuery, limit: int = 2) -> list[list[str]]:
    found, cursor = list[list[str]](), None
    while True:
        page = await read_case_page(store, Campaigns(store, [CAMPAIGN]), wanted, limit, NOW, cursor)
        found.append([one.id for one in page.cases])
        cursor = page.cursor
        if cursor is None:
            return found


async def listed(store: Store, wanted: CaseQuery) -> list[str]:
    return [case_id for page in await pages(store, wanted) for case_id in page]


async def test_open_cases_come_by_when_they_are_looked_at_and_then_the_last_that_ended(store: Store) -> None:
    cases = [await opened(store, number) for number in range(7)]
    await end(store, cases[0], CaseState.STOPPED, "by_operator", later(hours=1))
    await end(store, cases[1], CaseState.RECOVERED, None, later(hours=2))

    assert await pages(store, CaseQuery(states=EVERY)) == [
        [cases[2].id, cases[3].id],
        [cases[4].id, cases[5].id],
        [cases[6].id, cases[1].id],
        [cases[0].id],
    ]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (CaseQuery(campaign="annual"), [1]),
        (CaseQuery(campaign="renewal"), [0]),
        (CaseQuery(campaign="annual", states=ENDED), [5, 3]),
        (CaseQuery(states=frozenset({CaseState.STOPPED})), [4, 3, 2]),
        (CaseQuery(states=ENDED, reason="by_operator"), [3, 2]),
        (CaseQuery(states=ENDED, reason="by_operator", campaign="renewal"), [2]),
        (CaseQuery(states=ENDED, since=later(hours=5)), [5]),
        (CaseQuery(states=ENDED, reason="no_debt"), []),
    ],
    ids=["open", "open, usual", "ended", "stopped", "reason", "reason and campaign", "since", "a reason of none"],
)
async def test_a_page_has_what_is_asked_for(store: Store, wanted: CaseQuery, numbers: list[int]) -> None:
    cases = [await opened(store, number, "annual" if number % 2 else "renewal") for number in range(6)]
    for number, (state, reason) in enumerate(
        [
            (CaseState.STOPPED, "by_operator"),
            (CaseState.STOPPED, "by_operator"),
            (CaseState.STOPPED, "charged_back"),
            (CaseState.RECOVERED, None),
        ],
        start=2,
    ):
        await end(store, cases[number], state, reason, later(hours=number))

    assert await listed(store, wanted) == [cases[number].id for number in numbers]


async def test_a_case_whose_end_is_told_otherwise_later_is_in_one_list(store: Store) -> None:
    case = await opened(store, 0, "annual")
    await end(store, case, CaseState.STOPPED, "debt_canceled", later(hours=1))
    await end(store, case, CaseState.RECOVERED, None, later(hours=2))

    redis = redis_of(store)
    lists = [key.decode() for key in await redis.keys("dunning:listed:*")]
    assert lists == [keys.listed("recovered::annual")]
    assert 0 < await redis.pttl(lists[0]) <= keys.KEEP_ENDED_CASE.total_seconds() * 1000


async def test_the_next_page_is_found_after_its_cursor_has_left_the_list(store: Store) -> None:
    cases = [await opened(store, 0) for _ in range(5)]  # due at the same time, so in order of their ids
    ids = sorted(case.id for case in cases)
    campaigns = Campaigns(store, [CAMPAIGN])
    first = await read_case_page(store, campaigns, CaseQuery(), 2, NOW)
    await end(store, next(case for case in cases if case.id == ids[1]), CaseState.RECOVERED, None, NOW)

    rest = await read_case_page(store, campaigns, CaseQuery(), 9, NOW, first.cursor)

    assert [one.id for one in rest.cases] == ids[2:]


async def test_the_cases_of_a_customer_are_paged_too(store: Store) -> None:
    of = {"customer_id": paddle_id("ctm")}
    cases = [await opened(store, number, **of) for number in range(5)]
    await opened(store, 0, customer_id=paddle_id("ctm"))
    for hours, case in enumerate(cases[3:]):
        await end(store, case, CaseState.RECOVERED, None, later(hours=hours))

    assert await listed(store, CaseQuery(customer=of["customer_id"], states=EVERY)) == [
        cases[number].id for number in (0, 1, 2, 4, 3)
    ]


async def test_a_page_looks_at_so_many_cases_and_leads_on(store: Store) -> None:
    for start in range(0, MOST_LOOKED_AT + 1, CHUNK):
        await asyncio.gather(
            *(
                store.cases.commit(a_case(), 0, due_at=later(minutes=number), now=NOW)
                for number in range(start, min(start + CHUNK, MOST_LOOKED_AT + 1))
            )
        )
    last = await opened(store, 100_000)

    assert await pages(store, CaseQuery(subscription=last.subscription_id)) == [[], [last.id]]


async def test_what_is_no_cursor_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="a page before"):
        await read_case_page(store, Campaigns(store, [CAMPAIGN]), CaseQuery(), 2, NOW, "open.1.txn_1")


async def test_what_a_version_before_us_wrote_is_listed_once_a_day(store: Store) -> None:
    cases = [await opened(store, number, "annual") for number in range(3)]
    await end(store, cases[0], CaseState.STOPPED, "by_operator", NOW)
    redis = redis_of(store)
    await redis.delete(keys.LISTS, *await redis.keys("dunning:listed:*"))  # as it knew no lists
    assert await store.lists.take_turn()

    await list_cases(services(store, lambda: NOW))

    assert await pages(store, CaseQuery(campaign="annual")) == [[cases[1].id, cases[2].id]]
    assert await pages(store, CaseQuery(reason="by_operator", states=ENDED)) == [[cases[0].id]]
    assert not await store.lists.take_turn()
    assert await redis.pttl(keys.LISTS_MADE) > timedelta(hours=23).total_seconds() * 1000


async def test_a_list_does_not_name_who_was_forgotten(store: Store) -> None:
    case = await opened(store, 0, "annual")
    await end(store, case, CaseState.STOPPED, "by_operator", NOW)

    await store.forgotten.purge(case.customer_id)

    assert await store.lists.ended(ENDED, "by_operator", None, None, 9) == []


def services(store: Store, clock: Callable[[], datetime]) -> WorkerServices:
    """Give what lists cases; it asks for no more."""
    return cast("WorkerServices", cast("Any", SimpleNamespace(store=store, clock=clock)))
