"""Debts without a case get one, cases whose debt is gone are closed, and what was found is told first."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from dunning.casebook.forget import forget
from dunning.errors import TransientError
from dunning.paddle.events import AdjustmentFacts, Event, EventType, TransactionFacts
from dunning.rules.breaker import Breaker
from dunning.rules.case import Case
from dunning.rules.declines import DeclineClass
from dunning.store import Store
from tests.integration.at_rest import paddle_id, redis_of
from tests.integration.edge import LINK_SECRET
from tests.integration.reconciling import Scene, scene
from worker.reconcile.debts import Healed, carry_out, find

DAY = timedelta(days=1)


@pytest.fixture
async def at(store: Store) -> AsyncIterator[Scene]:
    async with scene(store) as made:
        yield made


def case_of(at: Scene, bill: str) -> Case:
    transaction = at.twin.world.transactions[bill]
    return Case(
        id=bill,
        subscription_id=transaction["subscription_id"],
        customer_id=transaction["customer_id"],
        campaign="renewal",
        decline_class=DeclineClass.SOFT,
        failed_at=at.clock.now,
        attempted_at=at.clock.now,
    )


async def test_a_debt_that_no_webhook_brought_becomes_an_event_like_a_webhooks(at: Scene) -> None:
    bill = at.decline(ago=4 * DAY)

    outcome = await carry_out(at.reconciler, await find(at.reconciler), asked_to=False)

    (event,) = await at.unhandled()
    assert outcome == Healed(opened=1)
    assert (event.type, event.facts.id, event.is_reconciled) == (EventType.TRANSACTION_PAST_DUE, bill, True)
    assert isinstance(event.facts, TransactionFacts)
    assert [attempt.code for attempt in event.facts.attempts] == ["declined"]
    assert event.not_before is None
    assert (await at.counters())["reconcile_opened"] == 1


async def test_a_customer_who_was_forgotten_gets_no_case_of_an_old_debt(at: Scene) -> None:
    bill, other = (at.decline(ago=4 * DAY) for _ in range(2))
    customer = at.twin.world.transactions[bill]["customer_id"]
    reconciler = replace(at.reconciler, link_secrets=[LINK_SECRET])
    await forget(at.store, customer, [LINK_SECRET], at.clock.now)

    findings = await find(reconciler)

    assert [opening.case.id for opening in findings.plan.openings] == [other]


async def test_finding_changes_nothing(at: Scene) -> None:
    bill = at.decline(ago=4 * DAY)

    (opening,) = (await find(at.reconciler)).plan.openings

    assert (opening.case.id, opening.step.name, opening.at) == (bill, "reminder", at.clock.now)
    assert await redis_of(at.store).keys("*") == []


async def test_a_second_run_of_the_same_day_opens_nothing_twice(at: Scene) -> None:
    at.decline()

    findings = await find(at.reconciler)
    outcomes = [await carry_out(at.reconciler, findings, asked_to=False) for _ in range(2)]

    assert outcomes == [Healed(opened=1), Healed()]
    assert len(await at.unhandled()) == 1


async def test_debts_that_have_a_case_are_unchanged(at: Scene) -> None:
    await at.keep(case_of(at, at.decline()))

    findings = await find(at.reconciler)

    assert (findings.plan.openings, findings.closings, findings.unchanged) == ((), [], 1)


async def test_debts_whose_cases_are_being_opened_are_left_to_that(at: Scene) -> None:
    bill = at.decline()

    findings = await find(at.reconciler, opening={bill})

    assert (findings.plan.openings, findings.unchanged) == ((), 1)


async def test_debts_whose_end_was_heard_of_are_not_opened_day_after_day(at: Scene) -> None:
    subscription = at.subscribe()
    ended, later = (at.twin.world.decline(subscription, at=at.clock.now - days * DAY) for days in (4, 1))
    charge_back = AdjustmentFacts(
        id=paddle_id("adj"),
        action="chargeback",
        status="approved",
        transaction_id=paddle_id("txn"),
        subscription_id=subscription,
        customer_id=at.twin.world.transactions[ended]["customer_id"],
    )
    told_at = at.clock.now - 2 * DAY
    await at.store.inbox.accept(
        Event(id=paddle_id("evt"), type=EventType.ADJUSTMENT_CREATED, occurred_at=told_at, facts=charge_back), told_at
    )

    findings = await find(at.reconciler)

    assert [opening.case.id for opening in findings.plan.openings] == [later]
    assert (findings.plan.left, findings.unchanged) == ({"ended_already": 1}, 0)


async def test_old_debts_are_left_alone_and_counted(at: Scene) -> None:
    young, old, _ancient = (at.decline(ago=days * DAY) for days in (6, 8, 40))

    findings = await find(at.reconciler, max_age=7 * DAY)

    assert [opening.case.id for opening in findings.plan.openings] == [young]
    assert findings.plan.too_old == 2
    assert old not in {opening.case.id for opening in findings.plan.openings}


async def test_what_is_no_automatic_renewal_is_not_even_read(at: Scene) -> None:
    by_invoice = at.twin.world.add_subscription(
        at.twin.world.add_customer(name=None, email="ada@customer.example"), collection_mode="manual"
    )
    at.twin.world.decline(by_invoice)
    at.twin.world.transactions[at.decline()]["origin"] = "subscription_charge"

    findings = await find(at.reconciler)

    assert (findings.plan.openings, findings.unchanged) == ((), 0)


async def test_a_malformed_debt_spoils_no_other(at: Scene) -> None:
    good, bad = at.decline(), at.decline()
    at.twin.world.transactions[bad]["currency_code"] = None

    with capture_logs() as logs:
        findings = await find(at.reconciler)

    assert [opening.case.id for opening in findings.plan.openings] == [good]
    assert findings.malformed == 1
    assert [entry["event"] for entry in logs] == ["reconcile.debt_malformed"]


@pytest.mark.parametrize(
    ("happened", "event_type"),
    [("pay", EventType.TRANSACTION_PAID), ("cancel", EventType.TRANSACTION_CANCELED)],
)
async def test_a_case_whose_debt_is_gone_is_closed(at: Scene, happened: str, event_type: EventType) -> None:
    subscription = at.subscribe()
    bill = at.twin.world.decline(subscription)
    await at.keep(case_of(at, bill))
    if happened == "pay":
        at.twin.world.pay(bill)
    else:
        at.twin.world.cancel(subscription)

    outcome = await carry_out(at.reconciler, await find(at.reconciler), asked_to=False)

    (event,) = await at.unhandled()
    assert outcome == Healed(closed=1)
    assert (event.type, event.facts.id, event.is_reconciled) == (event_type, bill, True)
    assert (await at.counters())["reconcile_closed"] == 1


async def test_a_case_that_paddle_still_collects_or_does_not_know_stays_open(at: Scene) -> None:
    subscription = at.subscribe()
    billed = at.twin.world.decline(subscription, settles=False)
    unknown = at.decline()
    for bill in (billed, unknown):
        await at.keep(case_of(at, bill))
    at.twin.world.transactions.pop(unknown)

    findings = await find(at.reconciler)

    assert (findings.closings, findings.unchanged) == ([], 2)


async def test_an_ended_case_that_is_still_looked_at_is_left_alone(at: Scene) -> None:
    bill = at.decline()
    at.twin.world.pay(bill)
    at.twin.world.pay(ended := at.decline())
    case = case_of(at, ended)
    await at.keep(case)
    await redis_of(at.store).zadd("dunning:due", {bill: 1})

    findings = await find(at.reconciler)

    assert [event.facts.id for event in findings.closings] == [ended]


@pytest.mark.parametrize(("breaker", "opens"), [("auto", False), (51, True), ("off", True)])
async def test_more_cases_than_are_usual_wait_for_the_operators_word(
    at: Scene, breaker: Breaker, *, opens: bool
) -> None:
    for _ in range(51):
        at.decline()
    paid = at.decline()
    await at.keep(case_of(at, paid))
    at.twin.world.pay(paid)
    reconciler = at.with_breaker(breaker)

    outcome = await carry_out(reconciler, await find(reconciler), asked_to=False)

    assert outcome == Healed(opened=51 if opens else 0, closed=1, waiting=0 if opens else 51)
    gauges = (await at.store.health.snapshot(at.clock.now)).gauges
    assert gauges["reconcile_waiting"] == (0 if opens else 51)


async def test_with_the_operators_word_all_are_opened_and_none_waits(at: Scene) -> None:
    for _ in range(51):
        at.decline()
    findings = await find(at.reconciler)
    await carry_out(at.reconciler, findings, asked_to=False)

    outcome = await carry_out(at.reconciler, findings, asked_to=True)

    assert outcome == Healed(opened=51)
    assert (await at.store.health.snapshot(at.clock.now)).gauges["reconcile_waiting"] == 0


async def test_hundreds_of_debts_are_read_page_by_page_and_their_mails_spread_out(at: Scene) -> None:
    bills = {at.decline(ago=4 * DAY) for _ in range(330)}
    one_more = at.twin.world.decline(at.twin.world.transactions[next(iter(bills))]["subscription_id"])

    outcome = await carry_out(at.reconciler, await find(at.reconciler), asked_to=True)

    events = await at.unhandled()
    assert outcome == Healed(opened=331)
    assert {event.facts.id for event in events} == bills | {one_more}
    assert at.twin.counts == {"GET /subscriptions": 2, "GET /transactions": 12}
    not_before = sorted(event.not_before for event in events if event.not_before)
    assert len(not_before) == 329  # the first goes at once, and the newest isn't due yet
    assert timedelta(hours=1) < not_before[-1] - at.clock.now < timedelta(hours=1, minutes=10)
    assert at.told[0] == ("past-due subscriptions", 200, None)
    assert ("their debts", 300, 330) in at.told
    assert at.told[-1] == ("opening", 200, 331)


async def test_a_call_that_fails_in_passing_is_made_again(at: Scene) -> None:
    bill = at.decline()
    at.twin.fail_next("GET /subscriptions", 500)

    (opening,) = (await find(at.reconciler)).plan.openings

    assert opening.case.id == bill


async def test_a_paddle_that_is_away_ends_the_run(at: Scene) -> None:
    at.decline()
    at.twin.fail_next("GET /subscriptions", 500, times=20)

    with pytest.raises(TransientError):
        await find(at.reconciler)
