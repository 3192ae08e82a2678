"""Late is counted from when a step was planned, and what waits as it is meant to isn't late."""

from datetime import datetime

import pytest

from dunning.rules.campaign import Campaign
from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import Delivery
from dunning.rules.due_steps import bring_forward
from dunning.rules.lateness import BY_DESIGN, late_since
from tests.unit.case_builders import CAMPAIGN, DAY, FAILED_AT, HOUR, ME, MINUTE, SECOND, a_case, held, sent, unknown

FIRST_DUE, REMINDER_DUE = FAILED_AT + 2 * HOUR, FAILED_AT + 3 * DAY
REPEATS = 1


def since(case: Case, now: datetime, campaign: Campaign = CAMPAIGN, repeats: int = REPEATS) -> datetime | None:
    return late_since(case, campaign, repeats, now)


def tried_in_vain(at: datetime, reason: str = "smtp_451", *, times: int = 1) -> Delivery:
    delivery = Delivery()
    for again in range(times):
        delivery = delivery.claim(ME, at + again * MINUTE).put_back(ME, reason, at + (again + 1) * MINUTE, counted=True)
    return delivery


@pytest.mark.parametrize("times", [1, 11])
def test_a_step_that_is_tried_in_vain_is_late_since_it_was_planned_however_often_it_is_tried(times: int) -> None:
    case = a_case().with_delivery("first", tried_in_vain(FIRST_DUE + SECOND, times=times))

    assert since(case, FIRST_DUE + HOUR) == FIRST_DUE


def test_a_step_is_late_from_the_moment_on_for_which_it_was_planned() -> None:
    case = a_case().with_delivery("first", tried_in_vain(FIRST_DUE))

    assert since(case, FIRST_DUE) == FIRST_DUE


def test_neither_a_turn_nor_a_mail_that_was_long_before_makes_a_step_late_before_it_was_planned() -> None:
    put_off = Delivery().postpone("paddle_failed", REMINDER_DUE + 2 * HOUR, counted=True)
    spread = a_case(not_before=FIRST_DUE).with_delivery("first", sent(FIRST_DUE)).with_delivery("reminder", put_off)

    assert since(spread, REMINDER_DUE + HOUR) == REMINDER_DUE


def test_a_step_that_somebody_is_at_work_on_is_late_whatever_it_waited_for_before() -> None:
    waited = Delivery().postpone("outside_hours", FIRST_DUE + HOUR, counted=False)

    assert since(a_case().with_delivery("first", waited.claim(ME, FIRST_DUE + HOUR)), FIRST_DUE + HOUR) == FIRST_DUE


def test_a_step_that_nobody_has_touched_is_left_to_the_due_index() -> None:
    assert since(a_case(), FIRST_DUE + HOUR) is None


def test_before_any_step_is_planned_nothing_is_late() -> None:
    assert since(a_case(), FIRST_DUE - SECOND) is None


@pytest.mark.parametrize("reason", sorted(BY_DESIGN))
def test_what_waits_by_design_is_not_late(reason: str) -> None:
    waiting = Delivery().postpone(reason, FIRST_DUE + HOUR, counted=False)

    assert since(a_case().with_delivery("first", waiting), FIRST_DUE + MINUTE) is None


def test_a_settled_step_is_not_late_and_nothing_before_it_is() -> None:
    case = a_case().with_delivery("first", tried_in_vain(FIRST_DUE)).with_delivery("reminder", sent(REMINDER_DUE))

    assert since(case, REMINDER_DUE + HOUR) is None


def test_a_mail_that_may_be_sent_again_is_late_and_one_that_may_not_is_settled() -> None:
    case = a_case().with_delivery("first", unknown(FIRST_DUE + SECOND))

    assert since(case, FIRST_DUE + HOUR) == FIRST_DUE
    assert since(case, FIRST_DUE + HOUR, repeats=0) is None


def test_an_ended_case_is_not_late() -> None:
    case = a_case().with_delivery("first", held(FIRST_DUE)).end(CaseState.RECOVERED, None, FIRST_DUE + SECOND)

    assert since(case, FIRST_DUE + HOUR) is None


def test_the_latest_step_that_is_planned_by_now_is_the_late_one() -> None:
    case = (
        a_case().with_delivery("first", tried_in_vain(FIRST_DUE)).with_delivery("reminder", tried_in_vain(REMINDER_DUE))
    )

    assert since(case, REMINDER_DUE + HOUR) == REMINDER_DUE


def test_what_was_spread_out_is_late_since_its_turn_and_not_before() -> None:
    case = a_case(not_before=FIRST_DUE + HOUR).with_delivery("first", tried_in_vain(FIRST_DUE + HOUR))

    assert since(case, FIRST_DUE + 2 * HOUR) == FIRST_DUE + HOUR
    assert since(case, FIRST_DUE + MINUTE) is None


def test_a_step_that_the_last_mail_held_up_is_late_since_it_was_far_enough_behind() -> None:
    first_sent_at = REMINDER_DUE - HOUR
    put_off = Delivery().postpone("paddle_failed", REMINDER_DUE + 2 * DAY, counted=True)
    case = a_case().with_delivery("first", sent(first_sent_at)).with_delivery("reminder", put_off)

    assert since(case, REMINDER_DUE + 2 * DAY) == first_sent_at + (3 * DAY - 2 * HOUR) / 2


def test_a_step_that_an_operator_made_due_is_late_since_then() -> None:
    soon = FAILED_AT + MINUTE
    forward = bring_forward(a_case(), CAMPAIGN, "first", REPEATS, soon)
    case = forward.with_delivery("first", forward.delivery("first").postpone("paddle_failed", soon, counted=True))

    assert since(case, soon + MINUTE) == soon
