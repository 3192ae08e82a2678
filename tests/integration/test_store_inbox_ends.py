import pytest

from dunning.paddle.events import EventType
from dunning.rules.case import CaseState
from dunning.store import Accepted, EndedBeforeOpeningError, Store, keys
from tests.integration.at_rest import (
    NOW,
    a_case,
    everything,
    later,
    of_subscription,
    of_transaction,
    open_case,
    paddle_id,
    redis_of,
)

PAYMENTS = [EventType.TRANSACTION_PAID, EventType.TRANSACTION_COMPLETED]
SUBSCRIPTION_ENDS = [EventType.SUBSCRIPTION_CANCELED, EventType.SUBSCRIPTION_PAUSED]
LONG_AGO = later(days=-3)
DAY_MS = 24 * 60 * 60 * 1000


@pytest.mark.parametrize("payment", PAYMENTS)
async def test_a_healthy_payment_leaves_nothing_behind(store: Store, payment: EventType) -> None:
    accepted = await store.inbox.accept(of_transaction(payment, failed=False), NOW)

    assert accepted is Accepted.NOT_KEPT
    assert await everything(redis_of(store)) == {}


@pytest.mark.parametrize("payment", PAYMENTS)
async def test_a_payment_after_a_failure_we_have_not_heard_of_leaves_a_mark(store: Store, payment: EventType) -> None:
    event = of_transaction(payment)

    accepted = await store.inbox.accept(event, NOW)

    redis = redis_of(store)
    assert accepted is Accepted.NOT_KEPT
    assert list(await everything(redis)) == [keys.mark(event.facts.id)]
    assert await redis.get(keys.mark(event.facts.id)) == b"paid 1777896000000"
    assert 34 * DAY_MS < await redis.pttl(keys.mark(event.facts.id)) <= 35 * DAY_MS


@pytest.mark.parametrize("payment", PAYMENTS)
@pytest.mark.parametrize("failed", [True, False])
async def test_a_payment_of_an_open_case_is_kept(either: Store, payment: EventType, *, failed: bool) -> None:
    case = await open_case(either)
    event = of_transaction(payment, transaction=case.id, failed=failed)

    accepted = await either.inbox.accept(event, NOW)

    assert accepted is Accepted.ACCEPTED
    assert await either.inbox.read(event.id) == event


@pytest.mark.parametrize("state", [CaseState.STOPPED, CaseState.EXHAUSTED])
async def test_a_payment_of_a_case_that_ended_unpaid_is_kept(either: Store, state: CaseState) -> None:
    case = await open_case(either)
    await either.cases.commit(case.end(state, "for a test", NOW), 1, due_at=None, now=NOW)

    accepted = await either.inbox.accept(of_transaction(EventType.TRANSACTION_PAID, transaction=case.id), NOW)

    assert accepted is Accepted.ACCEPTED


async def test_the_second_sign_of_a_payment_costs_nothing(store: Store) -> None:
    case = await open_case(store)
    await store.cases.commit(case.end(CaseState.RECOVERED, None, NOW), 1, due_at=None, now=NOW)
    before = await everything(redis_of(store))

    accepted = await store.inbox.accept(of_transaction(EventType.TRANSACTION_COMPLETED, transaction=case.id), NOW)

    assert accepted is Accepted.NOT_KEPT
    assert await everything(redis_of(store)) == before


async def test_a_canceled_debt_we_have_no_case_of_leaves_a_mark(store: Store) -> None:
    event = of_transaction(EventType.TRANSACTION_CANCELED)

    accepted = await store.inbox.accept(event, NOW)

    assert accepted is Accepted.NOT_KEPT
    assert await redis_of(store).get(keys.mark(event.facts.id)) == b"canceled 1777896000000"


@pytest.mark.parametrize("end", SUBSCRIPTION_ENDS)
async def test_the_end_of_a_subscription_without_cases_leaves_a_mark(store: Store, end: EventType) -> None:
    subscription = paddle_id("sub")

    accepted = await store.inbox.accept(of_subscription(end, subscription=subscription), NOW)

    redis = redis_of(store)
    word = end.partition(".")[2]
    assert accepted is Accepted.NOT_KEPT
    assert list(await everything(redis)) == [keys.mark(subscription)]
    assert (await redis.get(keys.mark(subscription))).decode() == f"{word} 1777896000000"


@pytest.mark.parametrize("end", SUBSCRIPTION_ENDS)
async def test_the_end_of_a_subscription_with_an_open_case_is_kept(either: Store, end: EventType) -> None:
    case = await open_case(either)
    event = of_subscription(end, subscription=case.subscription_id)

    accepted = await either.inbox.accept(event, NOW)

    assert accepted is Accepted.ACCEPTED
    assert await either.inbox.read(event.id) == event


@pytest.mark.parametrize("end", SUBSCRIPTION_ENDS)
async def test_the_end_of_a_subscription_whose_case_was_just_stopped_is_kept(either: Store, end: EventType) -> None:
    """It may say better why."""
    case = await open_case(either)
    await either.cases.commit(case.end(CaseState.STOPPED, "debt_canceled", NOW), 1, due_at=None, now=NOW)

    accepted = await either.inbox.accept(of_subscription(end, subscription=case.subscription_id), NOW)

    assert accepted is Accepted.ACCEPTED


@pytest.mark.parametrize("state", [CaseState.RECOVERED, CaseState.EXHAUSTED])
async def test_the_end_of_a_subscription_whose_case_ended_otherwise_is_not(either: Store, state: CaseState) -> None:
    case = await open_case(either)
    await either.cases.commit(case.end(state, None, NOW), 1, due_at=None, now=NOW)

    accepted = await either.inbox.accept(of_subscription(subscription=case.subscription_id), NOW)

    assert accepted is Accepted.NOT_KEPT


async def test_the_end_of_a_subscription_is_marked_even_beside_an_open_case(store: Store) -> None:
    """Another debt of it may have failed before, with its event still on the way."""
    case = await open_case(store)

    await store.inbox.accept(of_subscription(subscription=case.subscription_id), NOW)

    assert await redis_of(store).get(keys.mark(case.subscription_id)) == b"canceled 1777896000000"


async def test_another_debt_whose_failure_arrives_after_the_end_is_not_opened(store: Store) -> None:
    case = await open_case(store)
    await store.inbox.accept(of_subscription(subscription=case.subscription_id), NOW)
    failure = of_transaction(subscription=case.subscription_id, at=LONG_AGO)
    await store.inbox.accept(failure, NOW)

    late = a_case(failure.facts.id, subscription=case.subscription_id)

    with pytest.raises(EndedBeforeOpeningError):
        await store.cases.commit(late, 0, due_at=NOW, now=NOW, opened_by=failure.occurred_at)


async def test_an_older_end_that_comes_late_does_not_move_the_mark_back(store: Store) -> None:
    subscription = paddle_id("sub")
    await store.inbox.accept(of_subscription(subscription=subscription), NOW)

    await store.inbox.accept(
        of_subscription(EventType.SUBSCRIPTION_PAUSED, subscription=subscription, at=LONG_AGO), NOW
    )

    assert await redis_of(store).get(keys.mark(subscription)) == b"canceled 1777896000000"


async def test_a_newer_end_moves_the_mark(store: Store) -> None:
    subscription = paddle_id("sub")
    await store.inbox.accept(
        of_subscription(EventType.SUBSCRIPTION_PAUSED, subscription=subscription, at=LONG_AGO), NOW
    )

    await store.inbox.accept(of_subscription(subscription=subscription), NOW)

    assert await redis_of(store).get(keys.mark(subscription)) == b"canceled 1777896000000"


async def test_a_failure_is_kept_whatever_ended(either: Store) -> None:
    """The opening of the case heeds the mark, not the door: by then both are known."""
    paid = of_transaction(EventType.TRANSACTION_PAID)
    await either.inbox.accept(paid, NOW)

    accepted = await either.inbox.accept(of_transaction(transaction=paid.facts.id, at=LONG_AGO), NOW)

    assert accepted is Accepted.ACCEPTED
