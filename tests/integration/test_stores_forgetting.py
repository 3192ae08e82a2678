"""What both stores remember of what ended, and when each forgets it by its own clock."""

from datetime import timedelta

import pytest

from dunning.paddle.events import EventType
from dunning.rules.case import Case, CaseState
from dunning.store import Accepted, EndedBeforeOpeningError, InVain, ToTell, Versioned, Way
from dunning.store.keys import KEEP_ENDED_CASE, KEEP_EVENT, KEEP_HANDLED, KEEP_MARK
from tests.integration.at_rest import NOW, a_case, later, of_subscription, of_transaction, open_case, paddle_id, raised
from tests.integration.stores import Either, Hands

A_MINUTE = timedelta(minutes=1)


async def stop(store: Either, subscription: str) -> Case:
    case = await open_case(store, subscription=subscription)
    await store.cases.commit(case.end(CaseState.STOPPED, "debt_canceled", NOW), 1, due_at=None, now=NOW)
    return case


async def test_an_ended_case_is_kept_for_ninety_days_and_then_as_if_it_had_never_been(hands: Hands) -> None:
    case = await open_case(hands.store)
    paid = of_transaction(EventType.TRANSACTION_PAID, transaction=case.id)
    await hands.store.cases.commit(case.end(CaseState.EXHAUSTED, None, NOW), 1, due_at=None, now=NOW)
    await hands.let_pass(KEEP_ENDED_CASE - A_MINUTE)
    (kept,) = await hands.store.cases.read_versioned([case.id])
    await hands.let_pass(A_MINUTE)

    assert kept.revision == 2
    assert await hands.store.inbox.accept(paid, NOW) is Accepted.NOT_KEPT
    assert await hands.store.cases.read_versioned([case.id]) == [Versioned(None, 0)]
    assert await hands.store.cases.commit(a_case(case.id), 0, due_at=None, now=NOW) == 1


async def test_an_open_case_is_never_forgotten(hands: Hands) -> None:
    case = await open_case(hands.store)

    await hands.let_pass(10 * KEEP_ENDED_CASE)

    assert await hands.store.cases.read(case.id) == case


async def test_the_stopped_cases_of_a_subscription_are_forgotten_together(hands: Hands) -> None:
    subscription = paddle_id("sub")
    first = await stop(hands.store, subscription)
    await hands.let_pass(KEEP_MARK - A_MINUTE)
    second = await stop(hands.store, subscription)
    await hands.let_pass(KEEP_MARK - A_MINUTE)
    kept = await hands.store.cases.open_or_just_stopped("ctm_none", subscription)
    await hands.let_pass(A_MINUTE)

    assert kept == sorted([first.id, second.id])
    assert await hands.store.cases.open_or_just_stopped("ctm_none", subscription) == []


async def test_a_mark_forbids_an_opening_for_35_days(hands: Hands) -> None:
    case = a_case()
    await hands.store.inbox.accept(of_subscription(subscription=case.subscription_id, at=later(hours=1)), NOW)

    await hands.let_pass(KEEP_MARK)

    assert await hands.store.cases.commit(case, 0, due_at=None, now=NOW, opened_by=NOW) == 1


@pytest.mark.parametrize(("ended_ms", "is_opened"), [(-1, True), (0, False), (86_400_000, False)])
async def test_a_subscription_that_ended_since_the_failure_forbids_the_opening(
    hands: Hands, ended_ms: int, *, is_opened: bool
) -> None:
    case = a_case()
    end = of_subscription(subscription=case.subscription_id, at=later(milliseconds=ended_ms))
    await hands.store.inbox.accept(end, NOW)

    opening = hands.store.cases.commit(case, 0, due_at=None, now=NOW, opened_by=NOW)

    if is_opened:
        assert await opening == 1
    else:
        await raised(EndedBeforeOpeningError, opening)
        assert await hands.store.cases.read(case.id) is None


@pytest.mark.parametrize("days", [-1, 0, 1])
async def test_a_debt_that_has_ended_is_not_opened_whenever_that_was(hands: Hands, days: int) -> None:
    case = a_case()
    end = of_transaction(EventType.TRANSACTION_PAID, transaction=case.id, at=later(days=days))
    await hands.store.inbox.accept(end, NOW)

    await raised(EndedBeforeOpeningError, hands.store.cases.commit(case, 0, due_at=None, now=NOW, opened_by=NOW))

    assert await hands.store.due.when([case.id]) == [None]


async def test_a_handled_event_is_known_for_four_days(hands: Hands) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)
    await hands.store.inbox.mark_handled(event.id)
    await hands.let_pass(KEEP_HANDLED - A_MINUTE)
    repeated = await hands.store.inbox.accept(event, NOW)
    await hands.let_pass(A_MINUTE)

    assert repeated is Accepted.DUPLICATE
    assert await hands.store.inbox.accept(event, NOW) is Accepted.ACCEPTED


async def test_an_event_that_is_new_again_while_its_job_waits_is_queued_once(hands: Hands) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)
    await hands.store.inbox.mark_handled(event.id)
    await hands.let_pass(KEEP_HANDLED)
    await hands.store.inbox.accept(event, NOW)

    assert await hands.events() == {event.id}


async def test_a_dead_event_is_known_for_ninety_days(hands: Hands) -> None:
    old, older = of_transaction(), of_transaction()
    for event in (old, older):
        await hands.store.inbox.accept(event, NOW)
        await hands.store.inbox.give_up(event.id, "fault", NOW)
    await hands.let_pass(KEEP_EVENT - A_MINUTE)
    requeued = await hands.store.inbox.accept(old, NOW)
    await hands.let_pass(A_MINUTE)

    assert requeued is Accepted.REQUEUED
    assert await hands.store.inbox.accept(older, NOW) is Accepted.ACCEPTED


async def test_an_event_that_died_and_is_handled_after_all_is_new_when_that_is_forgotten(hands: Hands) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)
    await hands.store.inbox.give_up(event.id, "fault", NOW)
    await hands.store.inbox.mark_handled(event.id)

    await hands.let_pass(KEEP_HANDLED)

    assert await hands.store.inbox.accept(event, NOW) is Accepted.ACCEPTED


async def test_an_event_that_was_never_forgotten_waits_for_ever(hands: Hands) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)

    await hands.let_pass(10 * KEEP_EVENT)

    assert await hands.store.inbox.read(event.id) == event
    assert await hands.store.inbox.redrive(later(days=900)) == 0
    await hands.lose_jobs()
    assert await hands.store.inbox.redrive(later(days=901)) == 1


async def test_tries_in_vain_are_forgotten_when_nothing_is_tried_any_more(hands: Hands) -> None:
    for minute in (0, 10):
        told = await hands.store.in_vain.note(Way.PADDLE, "timed_out", later(minutes=minute))
    await hands.let_pass(timedelta(minutes=25))
    await hands.store.in_vain.works(Way.PADDLE)

    assert told == InVain(ToTell.WARNING, NOW, 2, "timed_out")
    assert await hands.store.in_vain.look(Way.PADDLE, later(minutes=35)) is None
