import asyncio
from datetime import datetime, timedelta

import pytest

from dunning.errors import CaseConflictError
from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.story import Entry
from dunning.store import EndedBeforeOpeningError, Store, StoryLine, Versioned, keys
from dunning.store.lists import list_of
from tests.integration.at_rest import (
    NOW,
    a_case,
    everything,
    later,
    of_transaction,
    open_case,
    paddle_id,
    raised,
    redis_of,
)

DAY_MS = 24 * 60 * 60 * 1000


def ended(case: Case) -> Case:
    return case.end(CaseState.RECOVERED, None, NOW)


async def test_a_new_case_is_written_with_all_that_belongs_to_it(store: Store) -> None:
    case = a_case()

    revision = await store.cases.commit(
        case,
        0,
        due_at=later(hours=2),
        now=NOW,
        story=[Entry.prose("opened: soft"), Entry.prose("and more")],
        counts=["cases_opened"],
    )

    redis = redis_of(store)
    assert revision == 1
    assert await store.cases.read_versioned([case.id]) == [Versioned(case, 1)]
    assert await redis.zrange(keys.DUE, 0, -1, withscores=True) == [
        (case.id.encode(), later(hours=2).timestamp() * 1000)
    ]
    assert await store.cases.open_of_customer(case.customer_id) == [case.id]
    assert await store.cases.story(case.id) == [
        StoryLine(NOW, Entry.prose("opened: soft")),
        StoryLine(NOW, Entry.prose("and more")),
    ]
    assert await redis.hgetall(keys.COUNTS) == {b"cases_opened": b"1"}
    assert {await redis.pttl(key) for key in await redis.keys("*")} == {-1}


async def test_a_case_reads_as_it_was_written(either: Store) -> None:
    sent = Delivery(state=DeliveryState.SENT, reason="smtp_250", tries=2, dated_at=NOW)
    held = Delivery().claim("run", NOW)
    case = a_case().with_delivery("first", sent).with_delivery("reminder", held)

    await either.cases.commit(case, 0, due_at=None, now=NOW)

    assert await either.cases.read(case.id) == case


async def test_cases_are_read_in_the_order_asked_for_and_what_is_missing_has_no_revision(either: Store) -> None:
    first, second = [await open_case(either) for _ in range(2)]

    read = await either.cases.read_versioned([second.id, "txn_none", first.id])

    assert read == [Versioned(second, 1), Versioned(None, 0), Versioned(first, 1)]


async def test_a_case_that_is_not_there_reads_as_none(either: Store) -> None:
    assert await either.cases.read(paddle_id("txn")) is None


@pytest.mark.parametrize("revision", [0, 2])
async def test_a_write_on_another_revision_changes_nothing(store: Store, revision: int) -> None:
    case = await open_case(store)
    event = of_transaction(transaction=case.id)
    await store.inbox.accept(event, NOW)
    before = await everything(redis_of(store))

    await raised(
        CaseConflictError,
        store.cases.commit(
            ended(case), revision, due_at=None, now=NOW, story=[Entry.prose("x")], counts=["x"], event_id=event.id
        ),
    )

    assert await everything(redis_of(store)) == before


async def test_a_case_that_is_gone_is_not_brought_back_by_a_late_write(store: Store) -> None:
    case = await open_case(store)
    await redis_of(store).flushall()

    await raised(CaseConflictError, store.cases.commit(case, 1, due_at=NOW, now=NOW))

    assert await everything(redis_of(store)) == {}


async def test_of_many_writers_at_once_exactly_one_wins(store: Store) -> None:
    case = await open_case(store)
    writes = [
        store.cases.commit(case, 1, due_at=NOW, now=NOW, story=[Entry.prose(str(number))]) for number in range(20)
    ]

    outcomes = await asyncio.gather(*writes, return_exceptions=True)

    assert [outcome for outcome in outcomes if not isinstance(outcome, CaseConflictError)] == [2]
    assert len(await store.cases.story(case.id)) == 1


async def test_two_that_open_a_case_at_once_open_one(store: Store) -> None:
    case = a_case()
    openings = [store.cases.commit(case, 0, due_at=NOW, now=NOW, opened_by=NOW) for _ in range(2)]

    outcomes = await asyncio.gather(*openings, return_exceptions=True)

    assert sorted(map(type, outcomes), key=str) == [CaseConflictError, int]


async def test_a_write_moves_the_due_time_and_raises_the_revision(store: Store) -> None:
    case = await open_case(store)

    revision = await store.cases.commit(case, 1, due_at=later(days=3), now=NOW)

    assert revision == 2
    assert await redis_of(store).zscore(keys.DUE, case.id) == later(days=3).timestamp() * 1000


async def test_what_is_never_due_leaves_the_index(store: Store) -> None:
    case = await open_case(store)

    await store.cases.commit(case, 1, due_at=None, now=NOW)

    assert not await redis_of(store).exists(keys.DUE)


async def test_an_ended_case_leaves_the_open_ones_and_is_kept_for_ninety_days(store: Store) -> None:
    subscription = paddle_id("sub")
    case, other = [await open_case(store, subscription=subscription) for _ in range(2)]
    await store.cases.commit(case, 1, due_at=NOW, now=NOW, story=[Entry.prose("opened")])

    await store.cases.commit(
        ended(case), 2, due_at=None, now=NOW, story=[Entry.prose("recovered")], counts=["cases_recovered"]
    )

    redis = redis_of(store)
    assert await store.cases.open_of_customer(case.customer_id) == [other.id]
    assert await redis.zrange(keys.DUE, 0, -1) == [other.id.encode()]
    assert 89 * DAY_MS < await redis.pttl(keys.case(case.id)) <= 90 * DAY_MS
    assert 89 * DAY_MS < await redis.pttl(keys.story(case.id)) <= 90 * DAY_MS
    assert await redis.pttl(keys.case(other.id)) == -1


@pytest.mark.parametrize("due", [later(days=-1), later(days=1)])
async def test_when_a_case_ends_the_customers_others_are_looked_at_by_then(either: Store, due: datetime) -> None:
    subscription = paddle_id("sub")
    case, other, over = [await open_case(either, subscription=subscription) for _ in range(3)]
    stranger = await open_case(either)
    for one in (other, stranger):
        await either.cases.commit(one, 1, due_at=due, now=NOW)
    await either.due.forget(over.id, 1)

    await either.cases.commit(ended(case), 1, due_at=None, now=NOW)

    assert await either.due.when([case.id, other.id, over.id, stranger.id]) == [None, min(due, NOW), None, due]


async def test_a_case_that_had_ended_before_moves_no_other(either: Store) -> None:
    subscription = paddle_id("sub")
    case, other = [await open_case(either, subscription=subscription) for _ in range(2)]
    await either.cases.commit(case.end(CaseState.STOPPED, "canceled", NOW), 1, due_at=None, now=NOW)
    await either.cases.commit(other, 1, due_at=later(days=1), now=NOW)

    await either.cases.commit(ended(case), 2, due_at=None, now=NOW)

    assert await either.due.when([other.id]) == [later(days=1)]


async def test_an_ended_case_that_is_written_once_more_still_expires(store: Store) -> None:
    case = await open_case(store)
    await store.cases.commit(
        case.end(CaseState.STOPPED, "canceled", NOW), 1, due_at=None, now=NOW, story=[Entry.prose("stopped")]
    )

    await store.cases.commit(ended(case), 2, due_at=later(seconds=50), now=NOW, story=[Entry.prose("paid after all")])

    redis = redis_of(store)
    assert await redis.pttl(keys.case(case.id)) > 0
    assert await redis.pttl(keys.story(case.id)) > 0
    assert await redis.zscore(keys.DUE, case.id) == later(seconds=50).timestamp() * 1000


async def test_a_stopped_case_is_found_by_its_subscription_for_35_days(store: Store) -> None:
    subscription = paddle_id("sub")
    case, other = [await open_case(store, subscription=subscription) for _ in range(2)]

    await store.cases.commit(case.end(CaseState.STOPPED, "debt_canceled", NOW), 1, due_at=None, now=NOW)

    assert await store.cases.open_of_customer(case.customer_id) == [other.id]
    assert await store.cases.open_or_just_stopped(case.customer_id, subscription) == [case.id, other.id]
    assert await store.cases.open_or_just_stopped(case.customer_id, paddle_id("sub")) == [other.id]
    assert 34 * DAY_MS < await redis_of(store).pttl(keys.stopped(subscription)) <= 35 * DAY_MS


async def test_a_stopped_case_that_is_paid_after_all_is_no_longer_found(store: Store) -> None:
    case = await open_case(store)
    await store.cases.commit(case.end(CaseState.STOPPED, "debt_canceled", NOW), 1, due_at=None, now=NOW)

    await store.cases.commit(ended(case), 2, due_at=None, now=NOW)

    assert await store.cases.open_or_just_stopped(case.customer_id, case.subscription_id) == []
    assert not await redis_of(store).exists(keys.stopped(case.subscription_id))


async def test_the_last_open_case_of_a_customer_leaves_only_itself_and_where_to_find_it(store: Store) -> None:
    case = await open_case(store)

    await store.cases.commit(ended(case), 1, due_at=None, now=NOW)

    found_by = {keys.ENDED, keys.history(case.customer_id), keys.history(case.subscription_id)}
    left = {keys.case(case.id), *found_by, keys.LISTS, keys.listed(list_of(ended(case)))}
    assert {*await everything(redis_of(store))} == left


async def test_the_event_behind_a_write_is_handled_in_the_same_step(store: Store) -> None:
    event = of_transaction()
    await store.inbox.accept(event, NOW)

    await store.cases.commit(a_case(event.facts.id), 0, due_at=NOW, now=NOW, event_id=event.id, opened_by=NOW)

    redis = redis_of(store)
    assert await redis.get(keys.event(event.id)) == b"h"
    assert 3 * DAY_MS < await redis.pttl(keys.event(event.id)) <= 4 * DAY_MS
    assert not await redis.exists(keys.INBOX)


@pytest.mark.parametrize("since", [NOW, NOW + timedelta(days=1), NOW - timedelta(days=1)])
async def test_a_debt_that_has_ended_is_not_opened_whenever_that_was(store: Store, since: datetime) -> None:
    case = a_case()
    await redis_of(store).set(keys.mark(case.id), f"paid {int(since.timestamp() * 1000)}")
    before = await everything(redis_of(store))

    await raised(EndedBeforeOpeningError, store.cases.commit(case, 0, due_at=NOW, now=NOW, opened_by=NOW))

    assert await everything(redis_of(store)) == before


@pytest.mark.parametrize("after_ms", [0, 1, 86_400_000])
async def test_a_subscription_that_ended_since_the_failure_forbids_the_opening(store: Store, after_ms: int) -> None:
    case = a_case()
    await redis_of(store).set(keys.mark(case.subscription_id), f"canceled {int(NOW.timestamp() * 1000) + after_ms}")

    await raised(EndedBeforeOpeningError, store.cases.commit(case, 0, due_at=NOW, now=NOW, opened_by=NOW))

    assert await store.cases.read(case.id) is None


async def test_a_subscription_that_was_paused_before_the_failure_does_not(store: Store) -> None:
    """It was resumed since, or it could not have failed."""
    case = a_case()
    await redis_of(store).set(keys.mark(case.subscription_id), f"paused {int(NOW.timestamp() * 1000) - 1}")

    assert await store.cases.commit(case, 0, due_at=NOW, now=NOW, opened_by=NOW) == 1


async def test_a_mark_does_not_touch_a_case_that_is_open(store: Store) -> None:
    case = await open_case(store)
    await redis_of(store).set(keys.mark(case.id), "paid 1")

    assert await store.cases.commit(case, 1, due_at=NOW, now=NOW) == 2
