from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.rules.campaign import Step
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import CLAIM, FIRST_RETRY, LONGEST_RETRY, Delivery, DeliveryState
from dunning.rules.due_steps import backoff, bring_forward, next_due_at, pick_step
from dunning.rules.verdicts import LOOKS_FOR_THE_MISSING
from tests.unit.case_builders import (
    CAMPAIGN,
    DAY,
    FAILED_AT,
    FINAL,
    FIRST,
    HOUR,
    ME,
    MINUTE,
    REMINDER,
    SECOND,
    a_case,
    held,
    planned,
    sending,
    sent,
    unknown,
)

FIRST_DUE = FAILED_AT + 2 * HOUR
REMINDER_DUE = FAILED_AT + 3 * DAY
FINAL_DUE = FAILED_AT + 27 * DAY
LAPSED_AT = FAILED_AT + OPEN_FOR

SKIPPED = planned().skip("overtaken")
REFUSED = held().settle(ME, DeliveryState.REFUSED, "smtp_550")


def with_deliveries(**deliveries: Delivery) -> Case:
    return a_case(deliveries=deliveries)


# Which step is to be sent


@pytest.mark.parametrize(
    ("decline_class", "after"),
    [(DeclineClass.HARD, 2 * HOUR), (DeclineClass.SOFT, DAY), (DeclineClass.OUTAGE, 2 * DAY)],
)
def test_a_step_is_due_so_long_after_the_failure_as_its_decline_class_asks(
    decline_class: DeclineClass, after: timedelta
) -> None:
    case = a_case(decline_class=decline_class)

    assert pick_step(case, CAMPAIGN, 1, FAILED_AT + after - SECOND) == (case, None)
    assert pick_step(case, CAMPAIGN, 1, FAILED_AT + after) == (case, FIRST)


def test_a_new_decline_class_moves_a_step_that_is_still_to_come() -> None:
    case = a_case(decline_class=DeclineClass.OUTAGE)

    assert next_due_at(case, CAMPAIGN, 1) == FAILED_AT + 2 * DAY
    assert next_due_at(case.model_copy(update={"decline_class": DeclineClass.HARD}), CAMPAIGN, 1) == FIRST_DUE


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(held(FIRST_DUE).put_back(ME, "smtp_451", FIRST_DUE, counted=True), id="put back"),
        pytest.param(unknown(FIRST_DUE), id="unknown"),
    ],
)
def test_a_new_decline_class_does_not_move_a_step_that_was_begun(begun: Delivery) -> None:
    case = a_case(deliveries={"first": begun}, decline_class=DeclineClass.OUTAGE)
    now = FIRST_DUE + MINUTE

    assert next_due_at(case, CAMPAIGN, 1) == FIRST_DUE

    assert pick_step(case, CAMPAIGN, 1, now) == (case, FIRST)


def test_a_new_decline_class_does_not_send_again_what_was_sent() -> None:
    case = a_case(deliveries={"first": sent()}, decline_class=DeclineClass.OUTAGE)

    assert pick_step(case, CAMPAIGN, 1, FAILED_AT + 2 * DAY) == (case, None)


def test_of_several_steps_that_are_due_only_the_latest_is_sent_and_the_others_are_skipped() -> None:
    case, step = pick_step(a_case(), CAMPAIGN, 1, FINAL_DUE)

    assert step is FINAL
    assert case == with_deliveries(first=SKIPPED, reminder=SKIPPED)


@pytest.mark.parametrize("dealt_with", [sent(), REFUSED, planned().skip("no_address"), unknown().skip("overtaken")])
def test_no_step_is_sent_after_a_later_one_was_dealt_with(dealt_with: Delivery) -> None:
    put_back = sending(FIRST_DUE).put_back(ME, "smtp_451", FIRST_DUE, counted=True)

    case, step = pick_step(with_deliveries(first=put_back, reminder=dealt_with), CAMPAIGN, 1, REMINDER_DUE)

    assert step is None
    assert case.delivery("first").reason == "overtaken"
    assert case.delivery("first").state is DeliveryState.SKIPPED


def test_a_step_that_is_new_in_the_campaign_is_not_sent_after_the_one_that_follows_it() -> None:
    case, step = pick_step(with_deliveries(first=sent(), final=sent()), CAMPAIGN, 1, FINAL_DUE + DAY)

    assert step is None
    assert case.delivery("reminder") == SKIPPED


def test_a_step_begun_by_a_worker_whose_clock_is_ahead_still_overtakes_the_one_before() -> None:
    begun = held(REMINDER_DUE + 2 * SECOND).put_back(ME, "no_grant", REMINDER_DUE, counted=False)

    assert pick_step(with_deliveries(reminder=begun), CAMPAIGN, 1, REMINDER_DUE) == (
        with_deliveries(reminder=begun, first=SKIPPED),
        REMINDER,
    )


def test_an_overtaken_step_that_may_have_arrived_stays_unknown_and_is_not_repeated() -> None:
    case, step = pick_step(with_deliveries(first=unknown()), CAMPAIGN, 10, REMINDER_DUE)

    assert step is REMINDER
    assert (case.delivery("first").state, case.delivery("first").closed) == (DeliveryState.UNKNOWN, True)


@pytest.mark.parametrize("at_work", [held(REMINDER_DUE), sending(REMINDER_DUE)])
def test_a_step_somebody_is_at_work_on_is_left_to_them(at_work: Delivery) -> None:
    earlier = with_deliveries(first=at_work)
    latest = with_deliveries(first=sent(), reminder=at_work)

    assert pick_step(earlier, CAMPAIGN, 1, REMINDER_DUE + SECOND) == (earlier, None)
    assert pick_step(latest, CAMPAIGN, 1, REMINDER_DUE + SECOND) == (latest, None)


def test_a_step_waits_for_its_retry() -> None:
    case = with_deliveries(first=planned().postpone("paddle_failed", FIRST_DUE + MINUTE, counted=True))

    assert pick_step(case, CAMPAIGN, 1, FIRST_DUE + MINUTE - SECOND) == (case, None)
    assert pick_step(case, CAMPAIGN, 1, FIRST_DUE + MINUTE) == (case, FIRST)


def test_a_retry_does_not_wait_past_the_next_step() -> None:
    case = with_deliveries(first=planned().postpone("paddle_failed", REMINDER_DUE + HOUR, counted=True))

    tidied, step = pick_step(case, CAMPAIGN, 1, REMINDER_DUE)

    assert step is REMINDER
    assert tidied.delivery("first").state is DeliveryState.SKIPPED


@pytest.mark.parametrize(("repeats", "step"), [(0, None), (1, FIRST), (10, FIRST)])
def test_a_silence_is_followed_by_a_repeat_where_repeats_are_allowed(repeats: int, step: object) -> None:
    case = with_deliveries(first=unknown(FIRST_DUE))

    assert pick_step(case, CAMPAIGN, repeats, FIRST_DUE + MINUTE) == (case, step)


@pytest.mark.parametrize(("repeats", "step"), [(0, None), (1, None), (10, FIRST)])
def test_a_second_silence_is_the_last_where_one_repeat_is_allowed(repeats: int, step: object) -> None:
    twice = unknown(FIRST_DUE).claim(ME, FIRST_DUE).begin_data(ME).settle(ME, DeliveryState.UNKNOWN, "eof_after_data")
    case = with_deliveries(first=twice)

    assert pick_step(case, CAMPAIGN, repeats, FIRST_DUE + MINUTE) == (case, step)


# Claims whose holder is gone


def test_a_step_whose_holder_died_before_sending_is_sent_by_another() -> None:
    case, step = pick_step(with_deliveries(first=held(FIRST_DUE)), CAMPAIGN, 0, FIRST_DUE + CLAIM)

    assert step is FIRST
    assert (case.delivery("first").owner, case.delivery("first").held_until) == (None, None)


@pytest.mark.parametrize(("repeats", "step"), [(0, None), (1, FIRST)])
def test_a_step_whose_holder_died_while_sending_is_unknown(repeats: int, step: object) -> None:
    case, found = pick_step(with_deliveries(first=sending(FIRST_DUE)), CAMPAIGN, repeats, FIRST_DUE + CLAIM)

    assert found is step
    assert case.delivery("first").state is DeliveryState.UNKNOWN


def test_a_mail_on_its_way_when_the_case_ended_becomes_unknown_when_its_holder_dies() -> None:
    ended = with_deliveries(first=sending(FIRST_DUE)).end(CaseState.RECOVERED, None, FIRST_DUE)

    case, step = pick_step(ended, CAMPAIGN, 1, FIRST_DUE + CLAIM)

    assert step is None
    assert (case.delivery("first").state, case.delivery("first").reason) == (DeliveryState.UNKNOWN, "holder_gone")
    assert next_due_at(case, CAMPAIGN, 1) is None


def test_a_dead_claim_does_not_make_a_postponed_step_due_at_once() -> None:
    case, step = pick_step(with_deliveries(first=held(FIRST_DUE)), CAMPAIGN, 1, FIRST_DUE + CLAIM)
    assert step is FIRST
    retry_at = FIRST_DUE + CLAIM + MINUTE

    postponed = case.with_delivery("first", case.delivery("first").postpone("paddle_failed", retry_at, counted=True))

    assert next_due_at(postponed, CAMPAIGN, 1) == retry_at


# The end of a debt's days


def test_a_case_is_exhausted_after_its_days() -> None:
    case = with_deliveries(first=SKIPPED, reminder=sent(), final=sent())

    assert pick_step(case, CAMPAIGN, 1, LAPSED_AT - SECOND) == (case, None)
    assert pick_step(case, CAMPAIGN, 1, LAPSED_AT) == (case.end(CaseState.EXHAUSTED, None, LAPSED_AT), None)


def test_a_step_that_could_not_be_sent_in_all_its_days_is_dead() -> None:
    case, step = pick_step(a_case(), CAMPAIGN, 1, LAPSED_AT)

    assert step is None
    assert case.deliveries == {"first": SKIPPED, "reminder": SKIPPED, "final": planned().die("debt_lapsed")}


def test_a_mail_that_may_have_arrived_is_not_called_dead_when_the_days_are_over() -> None:
    case, _ = pick_step(with_deliveries(final=unknown(FINAL_DUE)), CAMPAIGN, 10, LAPSED_AT)

    assert (case.delivery("final").state, case.delivery("final").closed) == (DeliveryState.UNKNOWN, True)


def test_a_mail_on_its_way_when_the_days_are_over_keeps_its_own_state() -> None:
    case, _ = pick_step(with_deliveries(final=sending(LAPSED_AT)), CAMPAIGN, 1, LAPSED_AT)

    assert case.state is CaseState.EXHAUSTED
    assert case.delivery("final").state is DeliveryState.SENDING
    assert next_due_at(case, CAMPAIGN, 1) == LAPSED_AT + CLAIM


@pytest.mark.parametrize("state", [CaseState.RECOVERED, CaseState.EXHAUSTED, CaseState.STOPPED])
def test_nothing_is_sent_once_a_case_has_ended(state: CaseState) -> None:
    ended = a_case().end(state, None, FIRST_DUE)

    assert pick_step(ended, CAMPAIGN, 1, FINAL_DUE) == (ended, None)
    assert next_due_at(ended, CAMPAIGN, 1) is None


# When to look again


@pytest.mark.parametrize(
    ("case", "due_at"),
    [
        pytest.param(a_case(), FIRST_DUE, id="the first step"),
        pytest.param(with_deliveries(first=sent()), REMINDER_DUE, id="the next step"),
        pytest.param(
            with_deliveries(first=planned().postpone("x", FIRST_DUE + MINUTE, counted=True)),
            FIRST_DUE + MINUTE,
            id="a retry",
        ),
        pytest.param(
            with_deliveries(first=planned().postpone("x", FIRST_DUE - MINUTE, counted=True)),
            FIRST_DUE,
            id="not before the step, for a retry",
        ),
        pytest.param(with_deliveries(first=held(FIRST_DUE)), FIRST_DUE + CLAIM, id="when a claim lapses"),
        pytest.param(with_deliveries(first=sending(FIRST_DUE)), FIRST_DUE + CLAIM, id="when a send lapses"),
        pytest.param(with_deliveries(first=unknown(FIRST_DUE)), FIRST_DUE, id="a repeat"),
        pytest.param(with_deliveries(first=sent(), reminder=sent(), final=sent()), LAPSED_AT, id="the end of its days"),
    ],
)
def test_a_case_is_looked_at_next_for_the_soonest_of_what_is_to_come(case: Case, due_at: object) -> None:
    assert next_due_at(case, CAMPAIGN, 1) == due_at


def test_a_silence_that_is_not_repeated_is_not_waited_for() -> None:
    assert next_due_at(with_deliveries(first=unknown(FIRST_DUE)), CAMPAIGN, 0) == REMINDER_DUE


# How long to wait


@pytest.mark.parametrize(("tries", "seconds"), [(0, 1), (1, 2), (2, 4), (3, 8), (9, 512), (10, 600), (10_000, 600)])
def test_backoff_doubles_up_to_its_longest(tries: int, seconds: int) -> None:
    assert backoff(tries, 0) == seconds * SECOND
    assert backoff(tries, 1) == seconds * SECOND * 1.5


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_backoff_is_never_longer_than_a_quarter_of_an_hour_nor_shorter_than_for_fewer_tries(
    tries: int, jitter: float
) -> None:
    wait = backoff(tries, jitter)

    assert FIRST_RETRY <= wait <= LONGEST_RETRY == 15 * MINUTE
    assert wait <= backoff(tries + 1, jitter)


@given(st.integers(0, 8), st.floats(0, 1), st.floats(0, 1))
def test_jitter_never_swaps_two_tries_that_still_double(tries: int, one: float, other: float) -> None:
    assert backoff(tries, one) < backoff(tries + 1, other)


def test_what_is_missing_is_looked_for_some_four_minutes() -> None:
    looking = sum((backoff(tries, 0) for tries in range(LOOKS_FOR_THE_MISSING)), timedelta(0))

    assert 4 * MINUTE < looking < 5 * MINUTE


# What was opened late, with many others


def test_nothing_is_sent_before_the_time_a_late_case_was_given() -> None:
    case = a_case(not_before=FIRST_DUE + HOUR)

    assert pick_step(case, CAMPAIGN, 1, FIRST_DUE + MINUTE) == (case, None)
    assert next_due_at(case, CAMPAIGN, 1) == FIRST_DUE + HOUR
    assert pick_step(case, CAMPAIGN, 1, FIRST_DUE + HOUR) == (case, FIRST)


def test_the_time_a_late_case_was_given_does_not_hasten_it() -> None:
    assert next_due_at(a_case(not_before=FAILED_AT + MINUTE), CAMPAIGN, 1) == FIRST_DUE


# What an operator brings forward


def test_the_next_step_that_is_not_done_can_be_brought_forward() -> None:
    case = bring_forward(with_deliveries(first=sent()), CAMPAIGN, None, 1, FIRST_DUE + HOUR)

    assert next_due_at(case, CAMPAIGN, 1) == FIRST_DUE + HOUR
    assert pick_step(case, CAMPAIGN, 1, FIRST_DUE + HOUR)[1] == REMINDER


@pytest.mark.parametrize(("repeats", "step"), [(0, REMINDER), (1, FIRST)])
def test_a_silence_is_brought_forward_where_it_may_be_repeated(repeats: int, step: Step) -> None:
    case = bring_forward(with_deliveries(first=unknown()), CAMPAIGN, None, repeats, FIRST_DUE)

    assert pick_step(case, CAMPAIGN, repeats, FIRST_DUE)[1] == step


def test_what_may_have_arrived_keeps_its_date_and_what_certainly_did_not_gets_a_new_one() -> None:
    put_back = held(FIRST_DUE).put_back(ME, "smtp_451", FIRST_DUE + DAY, counted=True)

    dates = [
        bring_forward(with_deliveries(first=one), CAMPAIGN, None, 1, FIRST_DUE + HOUR).delivery("first").dated_at
        for one in (unknown(FIRST_DUE), put_back)
    ]

    assert dates == [FIRST_DUE, FIRST_DUE + HOUR]


def test_a_step_that_is_named_overtakes_those_before_it() -> None:
    case = bring_forward(a_case(), CAMPAIGN, "final", 1, FAILED_AT + MINUTE)

    tidied, step = pick_step(case, CAMPAIGN, 1, FAILED_AT + MINUTE)

    assert next_due_at(case, CAMPAIGN, 1) == FAILED_AT + MINUTE
    assert step == FINAL
    assert tidied.delivery("first") == tidied.delivery("reminder") == SKIPPED


def test_a_step_that_was_put_off_or_kept_back_goes_at_once() -> None:
    waiting = planned().postpone("outside_hours", FIRST_DUE + DAY, counted=False)

    case = bring_forward(
        a_case(deliveries={"first": waiting}, not_before=FIRST_DUE + DAY), CAMPAIGN, "first", 1, FIRST_DUE
    )

    assert pick_step(case, CAMPAIGN, 1, FIRST_DUE)[1] == FIRST


@pytest.mark.parametrize(
    ("case", "step", "why"),
    [
        (a_case().end(CaseState.RECOVERED, None, FIRST_DUE), None, r"has ended \(recovered\)"),
        (a_case(), "frist", "no step 'frist'; it has first, reminder, final"),
        (with_deliveries(first=sent()), "first", "Step first .* is done: sent"),
        (with_deliveries(first=sent(), reminder=SKIPPED, final=REFUSED), None, "Every step .* is done"),
        (with_deliveries(first=held()), "first", "being sent just now"),
        (with_deliveries(first=unknown().skip("overtaken")), "first", "Step first .* is done: unknown"),
    ],
)
def test_what_cannot_be_brought_forward_is_told(case: Case, step: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        bring_forward(case, CAMPAIGN, step, 1, FAILED_AT + SECOND)
