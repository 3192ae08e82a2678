"""What holds whatever happens, in any order: one case, looked at and written as the worker does, by several workers
whose clocks differ and who die, while events come late and twice.
"""

from datetime import datetime, timedelta
from enum import StrEnum, auto

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from dunning.paddle.events import Event
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import CLAIM, FINAL, LONGEST_RETRY, DeliveryState
from dunning.rules.due_steps import backoff, next_due_at, pick_step
from dunning.rules.triggers import Trigger
from tests.unit.case_builders import DAY, ENDS, FAILED_AT, FAILURES, HOUR, MINUTE, PAID, SECOND, apply

PLANNED, SENDING, UNKNOWN = DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.UNKNOWN
SENT, REFUSED, SKIPPED, DEAD = DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.SKIPPED, DeliveryState.DEAD

# The chart in dunning/rules/delivery.py: from a state, those it may be written in next.
CHART = {
    PLANNED: {PLANNED, SENDING, REFUSED, SKIPPED, DEAD},
    # Skipped: the mail server would not have it now, and meanwhile the case has ended.
    SENDING: {SENDING, SENT, REFUSED, UNKNOWN, PLANNED, SKIPPED},
    UNKNOWN: {UNKNOWN, SENDING, REFUSED},
    **{state: {state} for state in FINAL},
}

# Close together, so that a step may be due while the one before it is being sent.
FIRST = Step(
    "first", {DeclineClass.HARD: timedelta(0), DeclineClass.SOFT: MINUTE, DeclineClass.OUTAGE: HOUR}, "payment_failed"
)
SECOND_STEP = Step(
    "second", {DeclineClass.HARD: 30 * SECOND, DeclineClass.SOFT: 2 * MINUTE, DeclineClass.OUTAGE: 2 * HOUR}, "reminder"
)
LAST = Step("last", dict.fromkeys(DeclineClass, DAY), "final_notice")
CAMPAIGN = Campaign("renewal", Trigger.RENEWAL_FAILED, (FIRST, SECOND_STEP, LAST), None)

LAPSES = [SECOND, 30 * SECOND, CLAIM, LONGEST_RETRY]
SKEWS = [timedelta(0), timedelta(microseconds=700), -2 * SECOND, 2 * SECOND]


class Found(StrEnum):
    """What a worker finds out about a step that is due."""

    OWED = auto()
    PADDLE_AWAY = auto()
    NO_ADDRESS = auto()


# Most are owed: what is never sent meets no adventures.
FINDINGS = [*[Found.OWED] * 5, Found.PADDLE_AWAY, Found.NO_ADDRESS]


class Heard(StrEnum):
    """What a worker hears from the mail server, or that nobody hears of the worker again."""

    SENT = auto()
    REFUSED = auto()
    SILENCE = auto()
    NOT_NOW = auto()
    NO_GRANT = auto()
    WORKER_GONE = auto()


class CaseMachine(RuleBasedStateMachine):
    """The worker's part, one act at a time."""

    claims: Bundle[tuple[str, str]] = Bundle("claims")

    @initialize(repeats=st.sampled_from([0, 1, 10]), event=st.sampled_from(FAILURES))
    def a_case_is_opened(self, repeats: int, event: Event) -> None:
        self.repeats = repeats
        self.clock = FAILED_AT + SECOND
        self.paid = False
        self.arrived: list[str] = []
        self.claimed = 0
        opened = apply(event, None, self.clock)
        assert opened
        self.case = stored(opened)

    @rule(lapse=st.sampled_from(LAPSES))
    def time_passes(self, lapse: timedelta) -> None:
        self.clock += lapse

    @rule(event=st.sampled_from(FAILURES))
    def a_charge_fails(self, event: Event) -> None:
        self.apply(event)

    @precondition(lambda self: self.claimed > 0)
    @rule(event=st.sampled_from(ENDS))
    def it_ends(self, event: Event) -> None:
        self.paid = self.paid or event.type in PAID
        self.apply(event)

    @rule(
        target=claims,
        in_time=st.booleans(),
        found=st.sampled_from(FINDINGS),
        skew=st.sampled_from(SKEWS),
        jitter=st.floats(0, 1),
    )
    def a_worker_looks(
        self, *, in_time: bool, found: Found, skew: timedelta, jitter: float
    ) -> MultipleResults[tuple[str, str]] | tuple[str, str]:
        if in_time:
            self.clock = max(self.clock, next_due_at(self.case, CAMPAIGN, self.repeats) or self.clock)
        now = self.clock + skew
        step = self.look(now)
        if step is None:
            return multiple()
        delivery = self.case.delivery(step.name)
        match found:
            case Found.OWED:
                self.claimed += 1
                owner = f"job-{self.claimed}"
                self.write(self.case.with_delivery(step.name, delivery.claim(owner, now)))
                return (owner, step.name)
            case Found.PADDLE_AWAY:
                put_off = delivery.postpone("paddle_failed", now + backoff(delivery.tries, jitter), counted=True)
                self.write(self.case.with_delivery(step.name, put_off))
            case Found.NO_ADDRESS:
                self.write(self.case.with_delivery(step.name, delivery.skip("no_address")))
        return multiple()

    @rule(claim=claims)
    def a_sender_begins(self, claim: tuple[str, str]) -> None:
        owner, step = claim
        delivery = self.case.delivery(step)
        if delivery.owner == owner and delivery.state is not SENDING:
            assert self.case.is_open
            self.write(self.case.with_delivery(step, delivery.begin_data(owner)))

    @rule(claim=claims, heard=st.sampled_from(Heard), jitter=st.floats(0, 1))
    def a_sender_hears(self, claim: tuple[str, str], heard: Heard, jitter: float) -> None:
        owner, step = claim
        delivery = self.case.delivery(step)
        if delivery.owner != owner:  # the case ended, or the claim lapsed: there is nothing to write
            return
        begun = delivery.state is SENDING
        match heard:
            case Heard.SENT if begun:
                self.arrived.append(step)
                self.write(self.case.with_delivery(step, delivery.settle(owner, SENT, "smtp_250")))
            case Heard.SILENCE if begun:
                self.arrived.append(step)
                self.write(self.case.with_delivery(step, delivery.settle(owner, UNKNOWN, "eof_after_data")))
            case Heard.REFUSED:
                self.write(self.case.with_delivery(step, delivery.settle(owner, REFUSED, "smtp_550")))
            case Heard.NOT_NOW:
                retry_at = self.clock + backoff(delivery.tries, jitter)
                self.write(self.case.with_delivery(step, delivery.put_back(owner, "smtp_451", retry_at, counted=True)))
            case Heard.NO_GRANT:
                back = delivery.put_back(owner, "no_grant", self.clock, counted=False)
                self.write(self.case.with_delivery(step, back))
            case _:  # the worker is gone, and its mail may have arrived
                self.clock += CLAIM
                self.arrived += [step] if begun else []
                self.look(self.clock + 3 * SECOND)

    @invariant()
    def paid_is_recovered(self) -> None:
        assert not self.paid or self.case.state is CaseState.RECOVERED

    @invariant()
    def what_has_ended_has_no_step_to_send_and_none_that_waits(self) -> None:
        if not self.case.is_open:
            assert pick_step(self.case, CAMPAIGN, self.repeats, self.clock)[1] is None
            assert PLANNED not in {delivery.state for delivery in self.case.deliveries.values()}

    @invariant()
    def an_open_case_is_looked_at_again(self) -> None:
        assert not self.case.is_open or next_due_at(self.case, CAMPAIGN, self.repeats) is not None

    @invariant()
    def no_mail_arrives_more_often_than_its_repeats_allow(self) -> None:
        assert all(self.arrived.count(step.name) <= 1 + self.repeats for step in CAMPAIGN.steps)

    def teardown(self) -> None:
        """Left alone, the case comes to an end, and every delivery to a true one."""
        if not hasattr(self, "case"):
            return
        for now in (FAILED_AT + OPEN_FOR + MINUTE, FAILED_AT + OPEN_FOR + MINUTE + CLAIM):
            self.look(max(self.clock + CLAIM, now))
        assert not self.case.is_open
        assert {delivery.state for delivery in self.case.deliveries.values()} <= FINAL | {UNKNOWN}
        assert next_due_at(self.case, CAMPAIGN, self.repeats) is None

    def apply(self, event: Event) -> None:
        if (after := apply(event, self.case, self.clock)) is not None:
            self.write(after)

    def look(self, now: datetime) -> Step | None:
        """Tidy the case, as a worker does; a case with nothing to do must not be due again at once."""
        case, step = pick_step(self.case, CAMPAIGN, self.repeats, now)
        assert pick_step(case, CAMPAIGN, self.repeats, now) == (case, step)
        self.write(case)
        if step is None:
            due_at = next_due_at(self.case, CAMPAIGN, self.repeats)
            assert due_at is None or due_at > now - timedelta(milliseconds=1)
        else:
            assert_is_the_latest(step, self.case, self.repeats, now)
        return step

    def write(self, after: Case) -> None:
        before, self.case = self.case, stored(after)
        assert after.failed_at == before.failed_at
        assert before.is_open or not after.is_open
        for step, delivery in after.deliveries.items():
            was = before.delivery(step)
            assert delivery.state in CHART[was.state]
            assert delivery.unknowns >= was.unknowns
            dated_at = self.case.delivery(step).dated_at
            # Dated anew as long as nothing can have arrived.
            assert was.dated_at in {None, dated_at} or (not was.unknowns and dated_at)


def stored(case: Case) -> Case:
    """Return the case as it is read back from Redis, whose moments are whole milliseconds."""
    return Case.from_rest(case.id, case.at_rest())


def assert_is_the_latest(chosen: Step, case: Case, repeats: int, now: datetime) -> None:
    delivery = case.delivery(chosen.name)
    assert case.is_open
    assert not delivery.is_settled(repeats)
    assert not delivery.is_held(now)
    position = CAMPAIGN.steps.index(chosen)
    for earlier in CAMPAIGN.steps[:position]:
        assert case.delivery(earlier.name).is_settled(repeats) or case.delivery(earlier.name).is_held(now)
    for later in CAMPAIGN.steps[position + 1 :]:
        assert (case.delivery(later.name).state, case.delivery(later.name).dated_at) == (PLANNED, None)
        assert later.due_at(case.failed_at, case.decline_class) > now


TestCase = CaseMachine.TestCase
TestCase.settings = settings(deadline=None, max_examples=300, stateful_step_count=50)


@given(st.lists(st.sampled_from([*FAILURES, *ENDS]), max_size=12), st.data())
def test_events_in_any_order_and_number_leave_a_paid_debt_recovered(events: list[Event], data: st.DataObject) -> None:
    """The store opens no case for a debt it has seen paid, so the first event here is a failure."""
    opened = apply(data.draw(st.sampled_from(FAILURES)), None, FAILED_AT + DAY)
    for event in events:
        opened = apply(event, opened, FAILED_AT + DAY) or opened

    assert opened
    assert (opened.state is CaseState.RECOVERED) == any(event.type in PAID for event in events)


@given(st.permutations(FAILURES), st.lists(st.sampled_from(FAILURES)))
def test_failures_in_any_order_and_number_leave_the_same_case(shuffled: list[Event], again: list[Event]) -> None:
    case = None
    for event in [*shuffled, *again]:
        case = apply(event, case, FAILED_AT + DAY) or case

    assert case
    assert (case.failed_at, case.attempted_at) == (FAILED_AT, FAILED_AT + 20 * HOUR)
    assert case.decline_class is DeclineClass.HARD
