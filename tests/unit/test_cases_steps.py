"""A case's steps as `dunning cases` shows them."""

import pytest

from dunning.casebook.step_rows import StepRow, last_done, next_to_come, step_rows
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery
from dunning.rules.story import Entry, Kind, Moved
from dunning.store import StoryLine
from tests.unit.case_builders import (
    CAMPAIGN,
    DAY,
    FAILED_AT,
    HOUR,
    MINUTE,
    a_case,
    held,
    planned,
    sending,
    sent,
    unknown,
)


def the_first_of(case: Case) -> StepRow:
    return step_rows(case, CAMPAIGN)[0]


def test_an_untouched_case_has_every_step_before_it() -> None:
    rows = step_rows(a_case(), CAMPAIGN)

    assert rows == [
        StepRow("first", FAILED_AT + 2 * HOUR, "planned", None, 0, None),
        StepRow("reminder", FAILED_AT + 3 * DAY, "planned", None, 0, None),
        StepRow("final", FAILED_AT + 27 * DAY, "planned", None, 0, None),
    ]
    assert last_done(rows) is None
    assert next_to_come(rows) == rows[0]


@pytest.mark.parametrize(
    ("delivery", "state", "done"),
    [
        (planned(), "planned", False),
        (held(), "being sent", False),
        (sending(), "being sent", False),
        (sent(), "sent", True),
        (planned().skip("overtaken"), "skipped", True),
        (planned().die("debt_lapsed"), "dead", True),
        (unknown(), "unknown", True),
        (unknown().postpone("eof_after_data", FAILED_AT + MINUTE, counted=False), "to be repeated", False),
        (unknown().skip("debt_canceled"), "unknown", True),
    ],
)
def test_a_step_is_in_the_state_of_its_delivery(delivery: Delivery, state: str, *, done: bool) -> None:
    row = the_first_of(a_case(deliveries={"first": delivery}))

    assert (row.state, row.is_done) == (state, done)


def test_a_step_that_is_put_off_is_due_when_it_is_tried_again() -> None:
    later = FAILED_AT + 5 * HOUR

    row = the_first_of(a_case(deliveries={"first": planned().postpone("paddle_failed", later, counted=True)}))

    assert (row.due_at, row.reason, row.tries) == (later, "paddle_failed", 1)


def test_a_case_that_was_spread_out_is_due_no_sooner() -> None:
    assert the_first_of(a_case(not_before=FAILED_AT + DAY)).due_at == FAILED_AT + DAY


def test_the_planned_steps_of_an_ended_case_are_not_needed() -> None:
    rows = step_rows(a_case(state=CaseState.RECOVERED, deliveries={"first": sent()}), CAMPAIGN)

    assert [row.state for row in rows] == ["sent", "not needed", "not needed"]
    assert next_to_come(rows) is None


def test_a_step_of_an_earlier_campaign_is_shown_behind_those_of_this_one() -> None:
    rows = step_rows(a_case(deliveries={"older": sent()}), CAMPAIGN)

    assert rows[-1] == StepRow("older", None, "sent", "smtp_250", 0, None)


def test_when_a_step_came_to_its_state_is_read_from_the_story() -> None:
    story = [
        StoryLine(FAILED_AT, Entry(kind=Kind.OPENED, decline_class=DeclineClass.HARD)),
        StoryLine(FAILED_AT + HOUR, Entry(kind=Kind.STEP, step="first", moved=Moved.CLAIMED)),
        StoryLine(FAILED_AT + 2 * HOUR, Entry(kind=Kind.STEP, step="first", moved=Moved.SENT, reason="smtp_250")),
        StoryLine(FAILED_AT + DAY, Entry(kind=Kind.STEP, step="reminder", moved=Moved.SKIPPED, reason="overtaken")),
    ]

    rows = step_rows(a_case(deliveries={"first": sent(), "reminder": planned().skip("overtaken")}), CAMPAIGN, story)

    assert [row.at for row in rows] == [FAILED_AT + 2 * HOUR, FAILED_AT + DAY, None]


def test_the_last_step_that_is_done_and_the_next_to_come() -> None:
    rows = step_rows(a_case(deliveries={"first": sent()}), CAMPAIGN)

    last, coming = last_done(rows), next_to_come(rows)

    assert (last and last.step, coming and coming.step) == ("first", "reminder")
