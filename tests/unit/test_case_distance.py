"""Between two mails of a case lies at least half of the distance that the campaign plans between their steps."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.reasons import SkipReason
from dunning.rules.campaign import Step
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import CLAIM, Delivery, DeliveryState
from dunning.rules.due_steps import bring_forward, cover, next_due_at, pick_step
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

REMINDER_DUE = FAILED_AT + 3 * DAY
LATE = REMINDER_DUE - 10 * MINUTE
# Of the 70 hours that are planned between the first mail of a hard decline and the reminder.
FAR_ENOUGH = LATE + 35 * HOUR
(SHIPPED,) = parse_campaigns(shipped(), "default.toml")


def a_case_with(**deliveries: Delivery) -> Case:
    return a_case(deliveries=deliveries)


COVERED = cover(a_case(), FIRST, LATE).delivery("first")
# Its first try fell silent in time; a long outage later the same mail is given to the mail server again.
REPEATING = unknown(FAILED_AT + 2 * HOUR).claim(ME, LATE).begin_data(ME)
REPEATED = REPEATING.settle(ME, DeliveryState.SENT, "smtp_250")
REPEATED_IN_SILENCE = REPEATING.settle(ME, DeliveryState.UNKNOWN, "eof_after_data")
REPEAT_REFUSED = REPEATING.settle(ME, DeliveryState.REFUSED, "smtp_550")
REPEATER_GONE = REPEATING.lapse(LATE + CLAIM)


@pytest.mark.parametrize(
    "first",
    [sent(LATE), unknown(LATE), COVERED, REPEATED, REPEATED_IN_SILENCE, REPEAT_REFUSED, REPEATER_GONE],
    ids=[
        "sent",
        "maybe arrived",
        "in another's mail",
        "sent again",
        "maybe arrived again",
        "maybe arrived, repeat refused",
        "holder of repeat gone",
    ],
)
def test_a_mail_that_was_late_is_not_followed_at_once_by_the_next(first: Delivery) -> None:
    case = a_case_with(first=first)

    assert pick_step(case, CAMPAIGN, 0, FAR_ENOUGH - SECOND)[1] is None
    assert pick_step(case, CAMPAIGN, 0, FAR_ENOUGH)[1] is REMINDER
    assert next_due_at(case, CAMPAIGN, 0) == FAR_ENOUGH


@pytest.mark.parametrize(
    "first",
    [held(LATE), sending(LATE), unknown(FAILED_AT + 2 * HOUR).claim(ME, LATE), REPEATING],
    ids=["claimed", "on its way", "claimed for a repeat", "on its way again"],
)
def test_a_mail_that_is_being_sent_is_not_overtaken_by_the_next(first: Delivery) -> None:
    case = a_case_with(first=first)

    assert pick_step(case, CAMPAIGN, 1, LATE + CLAIM - SECOND)[1] is None
    assert next_due_at(case, CAMPAIGN, 1) == LATE + CLAIM


@pytest.mark.parametrize(
    "first",
    [
        held(LATE).settle(ME, DeliveryState.REFUSED, "smtp_550"),
        held(LATE).put_back(ME, "smtp_451", LATE, counted=True),
        planned().skip("overtaken"),
    ],
    ids=["refused", "put back", "skipped"],
)
def test_what_reached_nobody_holds_nothing_up(first: Delivery) -> None:
    assert pick_step(a_case_with(first=first), CAMPAIGN, 1, REMINDER_DUE)[1] is REMINDER


def test_a_repeat_that_reached_nobody_moves_nothing() -> None:
    refused_at_once = unknown(FAILED_AT + 2 * HOUR).claim(ME, LATE).put_back(ME, "smtp_451", LATE, counted=True)

    assert pick_step(a_case_with(first=refused_at_once), CAMPAIGN, 1, REMINDER_DUE)[1] is REMINDER


def test_a_mail_in_time_moves_nothing() -> None:
    case = a_case_with(first=sent(FAILED_AT + 2 * HOUR))

    assert next_due_at(case, CAMPAIGN, 1) == REMINDER_DUE
    assert pick_step(case, CAMPAIGN, 1, REMINDER_DUE)[1] is REMINDER


def test_what_there_is_no_room_for_is_overtaken() -> None:
    soon = Step("soon", dict.fromkeys(DeclineClass, 4 * DAY), "reminder")
    campaign = replace(CAMPAIGN, steps=(FIRST, REMINDER, soon, FINAL))
    case = a_case_with(first=sent(LATE))  # the reminder would have room from 35 h on, and a day later comes the next

    case, step = pick_step(case, campaign, 1, REMINDER_DUE + DAY)

    assert step is None
    assert case.delivery("reminder").reason == SkipReason.OVERTAKEN
    assert next_due_at(case, campaign, 1) == LATE + 47 * HOUR
    assert pick_step(case, campaign, 1, LATE + 47 * HOUR)[1] is soon


def test_a_last_mail_with_no_room_before_the_debt_lapses_is_overtaken() -> None:
    case = a_case_with(first=sent(FAILED_AT + OPEN_FOR - DAY), reminder=planned().skip("overtaken"))

    case, _ = pick_step(case, CAMPAIGN, 1, FAILED_AT + OPEN_FOR)

    assert case.state is CaseState.EXHAUSTED
    assert case.delivery("final") == planned().skip("overtaken")


def test_a_step_that_began_before_another_mail_named_the_debt_keeps_its_distance_from_that() -> None:
    begun = held(LATE - HOUR).put_back(ME, "smtp_451", LATE, counted=True)
    case = cover(a_case_with(reminder=begun), FIRST, LATE)

    assert pick_step(case, CAMPAIGN, 1, FAR_ENOUGH - SECOND)[1] is None
    assert pick_step(case, CAMPAIGN, 1, FAR_ENOUGH)[1] is REMINDER


def test_an_operator_who_sends_a_step_now_is_not_held_up() -> None:
    case = bring_forward(a_case_with(first=sent(LATE)), CAMPAIGN, "reminder", 1, LATE + MINUTE)

    assert pick_step(case, CAMPAIGN, 1, LATE + MINUTE)[1] is REMINDER
    assert next_due_at(case, CAMPAIGN, 1) == LATE + MINUTE
    assert next_due_at(bring_forward(a_case_with(first=sent(LATE)), CAMPAIGN, "reminder", 1, LATE), CAMPAIGN, 1) == LATE


def test_what_an_operator_sends_now_still_goes_at_once_after_a_try_in_vain() -> None:
    case = bring_forward(a_case_with(first=sent(LATE)), CAMPAIGN, "reminder", 1, LATE + MINUTE)
    tried = case.delivery("reminder").claim(ME, LATE + MINUTE).put_back(ME, "smtp_451", LATE + MINUTE, counted=True)

    assert pick_step(case.with_delivery("reminder", tried), CAMPAIGN, 1, LATE + 2 * MINUTE)[1] is REMINDER


@given(
    joined=st.timedeltas(timedelta(0), 30 * DAY),
    late=st.lists(
        st.tuples(st.timedeltas(timedelta(0), 9 * DAY), st.sampled_from([DeliveryState.SENT, DeliveryState.UNKNOWN])),
        min_size=7,
        max_size=14,
    ),
    decline_class=st.sampled_from(DeclineClass),
)
def test_however_late_mails_are_two_of_them_keep_half_their_distance(
    joined: timedelta, late: list[tuple[timedelta, DeliveryState]], decline_class: DeclineClass
) -> None:
    case = a_case(decline_class=decline_class, not_before=FAILED_AT + joined)
    mails = []
    for delay, ends in late:
        due_at = next_due_at(case, SHIPPED, 1)
        if due_at is None:
            break
        now = due_at + delay
        case, step = pick_step(case, SHIPPED, 1, now)
        if step is not None:
            mails.append((step, now))
            arrived = case.delivery(step.name).claim(ME, now).begin_data(ME).settle(ME, ends, "the_end")
            case = case.with_delivery(step.name, arrived)

    for (one, one_at), (two, two_at) in pairwise(mails):
        assert two_at - one_at >= (two.after[decline_class] - one.after[decline_class]) / 2
