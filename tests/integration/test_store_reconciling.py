from datetime import timedelta

import pytest

from dunning.paddle.events import AdjustmentFacts, Event, EventType, SubscriptionFacts
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.store import DebtWithoutCase, Reconciled, Store, Turn
from tests.integration.at_rest import NOW, of_subscription, of_transaction, paddle_id
from tests.integration.at_rest import open_case as put_case
from tests.integration.stores import Either, Hands

HOUR = timedelta(hours=1)


def open_case() -> Case:
    return Case(
        id=paddle_id("txn"),
        subscription_id=paddle_id("sub"),
        customer_id=paddle_id("ctm"),
        campaign="renewal",
        decline_class=DeclineClass.SOFT,
        failed_at=NOW,
        attempted_at=NOW,
    )


async def test_the_cursor_is_kept(either: Store) -> None:
    assert await either.reconciling.cursor() is None

    await either.reconciling.keep_cursor("evt_1")

    assert await either.reconciling.cursor() == "evt_1"


async def test_how_many_debts_wait_is_kept(hands: Hands) -> None:
    either = hands.store
    await either.reconciling.wait_for_operator(7)

    assert await hands.waiting() == 7


async def test_how_many_debts_wait_is_shown(store: Store) -> None:
    await store.reconciling.wait_for_operator(7)

    assert (await store.health.snapshot(NOW)).gauges["reconcile_waiting"] == 7


async def test_a_turn_is_one_workers_at_a_time(either: Store) -> None:
    first = await either.reconciling.take_turn(Reconciled.EVENTS, unless_within=HOUR, now=NOW)

    assert first is not None
    assert await either.reconciling.take_turn(Reconciled.EVENTS, unless_within=HOUR, now=NOW) is None
    assert await either.reconciling.take_turn(Reconciled.PAST_DUE, unless_within=HOUR, now=NOW) is not None


@pytest.mark.parametrize(("later", "taken"), [(HOUR - timedelta(seconds=1), False), (HOUR, True)])
async def test_what_was_done_recently_is_not_done_again(either: Store, later: timedelta, *, taken: bool) -> None:
    turn = await either.reconciling.take_turn(Reconciled.EVENTS, unless_within=HOUR, now=NOW)
    assert turn is not None
    await either.reconciling.end_turn(turn, NOW)

    again = [
        await either.reconciling.take_turn(Reconciled.EVENTS, unless_within=HOUR, now=NOW + later) for _ in range(2)
    ]

    assert [one is not None for one in again] == [taken, False]


async def test_a_turn_that_came_to_nothing_is_free_again_in_a_minute(hands: Hands) -> None:
    either = hands.store
    turn = await take(either)

    await either.reconciling.give_turn_back(turn)

    await hands.let_pass(timedelta(seconds=50))
    assert await is_taken(either)
    await hands.let_pass(timedelta(seconds=10))
    assert not await is_taken(either)


async def test_a_turn_is_kept_while_its_work_goes_on(hands: Hands) -> None:
    either = hands.store
    turn = await take(either)
    await hands.let_pass(timedelta(minutes=14))

    await either.reconciling.keep_turn(turn)

    await hands.let_pass(timedelta(minutes=14))
    assert await is_taken(either)
    await hands.let_pass(timedelta(minutes=1))
    assert not await is_taken(either)


async def test_a_turn_that_lapsed_and_is_anothers_is_left_to_them(hands: Hands) -> None:
    either = hands.store
    mine = await take(either)
    await hands.let_pass(timedelta(minutes=15))
    await take(either)

    await either.reconciling.give_turn_back(mine)
    await either.reconciling.end_turn(mine, NOW)

    await hands.let_pass(timedelta(minutes=14))
    assert await is_taken(either)


async def take(store: Either) -> Turn:
    turn = await store.reconciling.take_turn(Reconciled.EVENTS, unless_within=timedelta(0), now=NOW)
    assert turn is not None
    return turn


async def is_taken(store: Either) -> bool:
    return await store.reconciling.take_turn(Reconciled.EVENTS, unless_within=timedelta(0), now=NOW) is None


async def test_all_open_cases_are_gone_through(either: Store) -> None:
    cases = [open_case() for _ in range(300)]
    for case in cases:
        await either.cases.commit(case, 0, due_at=NOW, now=NOW)

    found = [case_id async for some in either.reconciling.open_cases() for case_id in some]

    assert set(found) == {case.id for case in cases}


async def test_without_cases_there_is_nothing_to_go_through(either: Store) -> None:
    assert [some async for some in either.reconciling.open_cases()] == [[]]


async def test_events_the_inbox_has_an_entry_of_are_known(either: Store) -> None:
    known, handled, dead, new = (of_transaction() for _ in range(4))
    for event in (known, handled, dead):
        await either.inbox.accept(event, NOW)
    await either.inbox.mark_handled(handled.id)
    await either.inbox.give_up(dead.id, "no reason", NOW)

    assert await either.reconciling.unheard_of([known, handled, dead, new]) == [new]


def of_customer(customer: str, event_type: EventType, facts: AdjustmentFacts | SubscriptionFacts) -> Event:
    return Event(
        id=paddle_id("evt"), type=event_type, occurred_at=NOW, facts=facts.model_copy(update={"customer_id": customer})
    )


async def test_a_pause_or_a_charge_back_is_of_use_where_the_customer_has_a_case(either: Store) -> None:
    case = open_case()
    await either.cases.commit(case, 0, due_at=NOW, now=NOW)
    pause = SubscriptionFacts(
        id=case.subscription_id, status="paused", collection_mode="automatic", customer_id=case.customer_id
    )
    charge_back = AdjustmentFacts(
        id=paddle_id("adj"),
        action="chargeback",
        status="approved",
        transaction_id=paddle_id("txn"),
        subscription_id=case.subscription_id,
        customer_id=case.customer_id,
    )
    refund = charge_back.model_copy(update={"action": "refund"})
    events = [
        of_customer(customer, event_type, facts)
        for customer in (case.customer_id, paddle_id("ctm"))
        for event_type, facts in (
            (EventType.SUBSCRIPTION_PAUSED, pause),
            (EventType.ADJUSTMENT_CREATED, charge_back),
            (EventType.ADJUSTMENT_CREATED, refund),
        )
    ]

    assert await either.reconciling.of_use(events) == events[:2]


async def test_an_end_of_what_we_have_no_case_of_is_of_no_use(either: Store) -> None:
    case = open_case()
    await either.cases.commit(case, 0, due_at=NOW, now=NOW)
    ends = [
        of_transaction(EventType.TRANSACTION_PAID, transaction=case.id),
        of_transaction(EventType.TRANSACTION_PAID),
    ]
    failure = of_transaction()

    assert await either.reconciling.of_use([*ends, failure]) == [ends[0], failure]


async def test_an_end_that_says_more_is_of_use_where_the_subscriptions_case_was_just_stopped(either: Store) -> None:
    case = await put_case(either)
    await either.cases.commit(case.end(CaseState.STOPPED, "debt_canceled", NOW), 1, due_at=None, now=NOW)
    of_it = of_subscription(subscription=case.subscription_id)
    of_another = of_subscription(subscription=paddle_id("sub"))

    assert await either.reconciling.of_use([of_it, of_another]) == [of_it]


async def test_debts_that_are_known_to_have_ended_since_they_failed_are_told(either: Store) -> None:
    of_debt, of_subscription_, earlier, none = (
        DebtWithoutCase(paddle_id("txn"), paddle_id("sub"), NOW + failed * HOUR) for failed in (0, 0, 2, 0)
    )
    at = NOW + HOUR
    await either.inbox.accept(of_transaction(EventType.TRANSACTION_PAID, transaction=of_debt.id), at)
    for debt in (of_subscription_, earlier):
        await either.inbox.accept(of_subscription(subscription=debt.subscription_id, at=at), at)

    ended = await either.reconciling.ended([of_debt, of_subscription_, earlier, none])

    assert ended == {of_debt.id, of_subscription_.id}
    assert await either.reconciling.ended([]) == set()
