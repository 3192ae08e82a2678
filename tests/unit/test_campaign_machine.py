"""What holds whatever happens to a campaign: webhooks late, twice and lost, workers killed, people as they please.

The world is that of `dunning simulate`: Dunning's own rules, on a clock that is only a value.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cli.plan.simulate.rehearsal import quietly
from dunning.rules.campaign import Campaign, SendBetween, Step
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import FINAL, DeliveryState
from dunning.rules.triggers import Trigger
from dunning.suppression import address_key
from tests.unit.campaign_world import TOLD_WITHIN, Heard, World
from tests.unit.paddle_world import BEGAN, CAMPAIGNS, CUSTOMER, OTHER_SUBSCRIPTION, PAID_BILL, SUBSCRIPTION
from worker.handle_event import handle_event

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

SHIPPED = CAMPAIGNS[0]
# Close together, so that a step may be due while the one before it is being sent.
HURRIED = Campaign(
    "hurried",
    Trigger.RENEWAL_FAILED,
    tuple(
        Step(name, dict.fromkeys(DeclineClass, after), "reminder")
        for name, after in {"one": 0 * SECOND, "two": 40 * SECOND, "three": HOUR, "four": DAY}.items()
    ),
    None,
)
IN_HOURS = replace(SHIPPED, send_between=SendBetween(time(8), time(18)))
CAMPAIGNS_PLAYED = {"shipped": SHIPPED, "hurried": HURRIED, "in hours": IN_HOURS}

CODES = ("expired_card", "not_enough_balance", "issuer_unavailable", "fraud", "a_new_code")
LAPSES = (SECOND, 30 * SECOND, MINUTE, 15 * MINUTE, HOUR, 9 * HOUR, DAY, 5 * DAY)
MOST_BILLS = 4

subscriptions = st.sampled_from([SUBSCRIPTION, OTHER_SUBSCRIPTION])
codes = st.sampled_from(CODES)
places = st.integers(0, 30)


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Log nothing: of thousands of jobs, their log takes a tenth of the time, and Hypothesis tells what was done."""
    with quietly():
        yield


class CampaignMachine(RuleBasedStateMachine):
    """One customer with two subscriptions."""

    @initialize(
        campaign=st.sampled_from(sorted(CAMPAIGNS_PLAYED)),
        repeats=st.sampled_from([0, 1, 10]),
        code=codes,
        quiet=st.sampled_from([True, True, False]),
    )
    def a_renewal_is_declined(self, campaign: str, repeats: int, code: str, *, quiet: bool) -> None:
        self.campaign = CAMPAIGNS_PLAYED[campaign]
        self.world = World(self.campaign, repeats)
        self.quiet = quiet
        self.disputed: set[str] = set()
        self.decline(SUBSCRIPTION, code)
        self.all_that_was_told_arrives()

    @precondition(lambda self: len(self.world.paddle.bills) < MOST_BILLS)
    @rule(subscription=subscriptions, code=codes)
    def another_renewal_is_declined(self, subscription: str, code: str) -> None:
        if self.world.paddle.subscriptions[subscription].status in {"active", "past_due"}:
            self.decline(subscription, code)

    @rule(place=places, code=codes)
    def a_charge_fails_again(self, place: int, code: str) -> None:
        if bill := self.pick_debt(place):
            self.world.paddle.retry(bill, code, self.world.now)
            self.world.now += TOLD_WITHIN

    @rule(place=places, new_method=st.booleans(), told=st.booleans())
    def a_debt_is_paid(self, place: int, *, new_method: bool, told: bool) -> None:
        if bill := self.pick_debt(place):
            self.world.paddle.pay(bill, self.world.now, new_method=new_method)
            self.world.now += TOLD_WITHIN
            if told:
                self.all_that_was_told_arrives()

    @rule(subscription=subscriptions, status=st.sampled_from(["canceled", "paused"]))
    def a_subscription_ends(self, subscription: str, status: str) -> None:
        if self.world.paddle.subscriptions[subscription].status in {"active", "past_due"}:
            self.world.paddle.end(subscription, status, self.world.now)
            self.world.now += TOLD_WITHIN

    @rule(subscription=subscriptions)
    def a_subscription_goes_on(self, subscription: str) -> None:
        if self.world.paddle.subscriptions[subscription].status == "paused":
            self.world.paddle.resume(subscription, self.world.now)
            self.world.now += TOLD_WITHIN

    @precondition(lambda self: not self.quiet)
    @rule(subscription=subscriptions)
    def a_payment_is_charged_back(self, subscription: str) -> None:
        self.disputed.add(subscription)
        self.world.paddle.charge_back(subscription, PAID_BILL, self.world.now)
        self.world.now += TOLD_WITHIN

    @precondition(lambda self: not self.quiet)
    @rule(subscription=subscriptions, what=st.sampled_from(["invoice", "schedule", "bounce", "archive"]))
    def the_seller_or_the_customer_turns_away(self, subscription: str, what: str) -> None:
        paddle, now = self.world.paddle, self.world.now
        match what:
            case "invoice":
                paddle.collect_by_invoice(subscription, now)
            case "schedule":
                paddle.schedule(subscription, "cancel", now)
            case "archive":
                paddle.archive(CUSTOMER, now)
            case _:
                (secret, *_) = self.world.services.link_secrets
                key = address_key(paddle.customers[CUSTOMER].email or "", secret)
                self.world.do(self.world.store.suppressions.add(key, "bounce", now))

    @precondition(lambda self: self.world.wire)
    @rule(place=places, handled=st.booleans(), again=st.booleans())
    def a_webhook_arrives(self, place: int, *, handled: bool, again: bool) -> None:
        event = self.world.wire[place % len(self.world.wire)]
        if not again:
            self.world.wire.remove(event)
        self.world.deliver(event, handled=handled)

    @precondition(lambda self: self.world.wire)
    @rule(place=places)
    def a_webhook_is_lost(self, place: int) -> None:
        self.world.lost.append(self.world.wire.pop(place % len(self.world.wire)))

    @rule()
    def what_was_taken_in_is_handled(self) -> None:
        for event_id in list(self.world.store.kept.inbox):
            self.world.do(handle_event(self.world.services, event_id))

    @rule()
    def what_was_lost_is_healed(self) -> None:
        while self.world.lost:
            self.world.deliver(self.world.lost.pop(), handled=True)

    @rule(lapse=st.sampled_from(LAPSES))
    def time_passes(self, lapse: timedelta) -> None:
        self.world.now += lapse

    @rule(lapse=st.sampled_from([0 * SECOND, SECOND, HOUR]))
    def a_worker_sweeps_when_something_is_due(self, lapse: timedelta) -> None:
        due = self.world.store.kept.due.values()
        self.world.now = max(self.world.now, min(due, default=self.world.now)) + lapse
        self.world.do(self.world.sweep_once())

    @rule(lapse=st.sampled_from(LAPSES))
    def all_goes_well(self, lapse: timedelta) -> None:
        self.world.run_until(self.world.now + lapse)

    @precondition(lambda self: self.world.running)
    @rule(place=places, heard=st.sampled_from(Heard), moments=st.sampled_from([1, 2, 5, 20, 60]))
    def a_job_goes_on(self, place: int, heard: Heard, moments: int) -> None:
        job = self.world.running[place % len(self.world.running)]
        for _ in range(moments):
            if job in self.world.running:
                self.world.go_on(job, heard)

    @precondition(lambda self: self.world.running)
    @rule(place=places, moments=st.integers(0, 50))
    def a_worker_is_killed(self, place: int, moments: int) -> None:
        job = self.world.running[place % len(self.world.running)]
        for _ in range(moments):
            if job in self.world.running:
                self.world.go_on(job, Heard.TAKES)
        if job in self.world.running:
            self.world.kill(job)

    @invariant()
    def no_mail_arrives_more_often_than_its_repeats_allow(self) -> None:
        for (case_id, step), count in self.world.arrived.items():
            case = self.world.case(case_id)
            assert count <= 1 + self.world.repeats
            assert count <= 1 + case.delivery(step).unknowns

    @invariant()
    def an_open_case_is_looked_at_again(self) -> None:
        assert all(case.id in self.world.store.kept.due for case in self.world.cases() if case.is_open)

    def teardown(self) -> None:
        """Left alone, everything is told and every case comes to an end, with a reason for each step that was due."""
        if not hasattr(self, "world"):
            return
        for job in list(self.world.running):
            self.world.kill(job)
        self.world.lost += self.world.wire
        self.what_was_lost_is_healed()
        self.what_was_taken_in_is_handled()
        self.world.run_until(self.world.now + OPEN_FOR + DAY)
        assert not self.world.store.kept.due
        for case in self.world.cases():
            self.assert_ended_well(case)
        for bill in self.world.paddle.bills.values():
            if bill.status == "completed" and bill.id in self.world.store.kept.cases:
                assert self.world.case(bill.id).state is CaseState.RECOVERED
        self.world.loop.close()

    def assert_ended_well(self, case: Case) -> None:
        bill = self.world.paddle.bills[case.id]
        assert case.ended_at
        if bill.status == "past_due" and bill.subscription_id not in self.disputed:
            assert case.state is CaseState.EXHAUSTED
        for step in self.campaign.steps:
            delivery = case.delivery(step.name)
            if step.name in case.deliveries:
                assert delivery.state in FINAL or (delivery.state is DeliveryState.UNKNOWN and not delivery.owner)
                assert delivery.reason
            else:
                assert step.due_at(case.failed_at, case.decline_class) > case.ended_at

    def all_that_was_told_arrives(self) -> None:
        while self.world.wire:
            self.world.deliver(self.world.wire.pop(0), handled=True)

    def decline(self, subscription: str, code: str) -> None:
        self.world.paddle.decline(subscription, self.world.new_bill(), code, self.world.now)
        self.world.now += TOLD_WITHIN

    def pick_debt(self, place: int) -> str | None:
        debts = [bill.id for bill in self.world.paddle.bills.values() if bill.status == "past_due"]
        return debts[place % len(debts)] if debts else None


TestCase = CampaignMachine.TestCase
TestCase.settings = settings(deadline=None, max_examples=400, stateful_step_count=40)


def test_the_beginning_is_a_morning_within_the_hours() -> None:
    assert SHIPPED.send_between is None
    assert BEGAN.time() == time(10)
