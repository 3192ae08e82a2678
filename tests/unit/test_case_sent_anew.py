"""Which mail of a case an operator sends anew."""

from datetime import timedelta

import pytest

from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.due_steps import cover, pick_step, send_anew
from tests.unit.case_builders import (
    CAMPAIGN,
    DAY,
    FAILED_AT,
    FINAL,
    FIRST,
    HOUR,
    ME,
    a_case,
    held,
    planned,
    sent,
    unknown,
)

FIRST_DUE = FAILED_AT + 2 * HOUR
REMINDER_DUE = FAILED_AT + 3 * DAY
FINAL_DUE = FAILED_AT + 27 * DAY
REFUSED = held().settle(ME, DeliveryState.REFUSED, "smtp_550")


def with_deliveries(**deliveries: Delivery) -> Case:
    return a_case(deliveries=deliveries, not_before=FAILED_AT + 60 * DAY)


def test_the_last_mail_that_is_done_is_due_at_once_as_another_mail() -> None:
    now = FIRST_DUE + HOUR

    case, step = send_anew(with_deliveries(first=sent(FIRST_DUE)), CAMPAIGN, 1, now)

    assert step == "first"
    assert case.delivery("first") == Delivery(dated_at=now, resends=1)
    assert pick_step(case, CAMPAIGN, 1, now)[1] is FIRST


def test_of_several_that_are_done_it_is_the_last() -> None:
    done = with_deliveries(first=sent(FIRST_DUE), reminder=sent(REMINDER_DUE), final=REFUSED)

    case, step = send_anew(done, CAMPAIGN, 1, FINAL_DUE + HOUR)

    assert step == "final"
    assert [case.delivery(name).resends for name in ("first", "reminder", "final")] == [0, 0, 1]
    assert pick_step(case, CAMPAIGN, 1, FINAL_DUE + HOUR)[1] is FINAL


def test_a_silence_that_is_not_repeated_is_sent_anew() -> None:
    case, step = send_anew(with_deliveries(first=unknown(FIRST_DUE)), CAMPAIGN, 0, FIRST_DUE + HOUR)

    assert (step, case.delivery("first").resends) == ("first", 1)


@pytest.mark.parametrize(
    ("case", "after", "why"),
    [
        (a_case().end(CaseState.RECOVERED, None, FIRST_DUE), HOUR, r"has ended \(recovered\)"),
        (a_case(), HOUR, "No email of case .* was due yet"),
        (with_deliveries(first=unknown()), 3 * HOUR, "No email of case .* was due yet"),
        (with_deliveries(first=sent()), 3 * DAY, "The next email of case .*, reminder, is due already"),
        (with_deliveries(first=sent(), reminder=held(REMINDER_DUE)), 3 * DAY, "reminder, is due already"),
        (cover(a_case(), FIRST, FIRST_DUE), 3 * HOUR, r"was that of another debt .* Send that one again\.$"),
    ],
    ids=["ended", "nothing done", "to be repeated", "another is due", "another is on its way", "covered"],
)
def test_what_cannot_be_sent_anew_is_told(case: Case, after: timedelta, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        send_anew(case, CAMPAIGN, 1, FAILED_AT + after)


def test_a_mail_that_was_to_be_sent_anew_and_is_covered_is_still_counted_as_another_mail() -> None:
    case, _ = send_anew(with_deliveries(first=sent(FIRST_DUE)), CAMPAIGN, 1, FIRST_DUE + HOUR)

    assert cover(case, FIRST, FIRST_DUE + 2 * HOUR).delivery("first").resends == 1


def test_one_that_was_skipped_for_another_reason_is_sent_after_all() -> None:
    case, step = send_anew(with_deliveries(first=planned().skip("no_address")), CAMPAIGN, 1, FIRST_DUE + HOUR)

    assert (step, case.delivery("first").state) == ("first", DeliveryState.PLANNED)
