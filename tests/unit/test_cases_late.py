"""A late step as an operator reads it."""

from datetime import datetime, timedelta

import pytest

from dunning.casebook.late import Late, in_words, late
from dunning.casebook.step_rows import step_rows
from dunning.rules.delivery import Delivery
from tests.unit.case_builders import CAMPAIGN, DAY, FAILED_AT, HOUR, ME, MINUTE, SECOND, a_case, sent

DUE = FAILED_AT + 2 * HOUR
NOW = DUE + 24 * MINUTE


def tried(times: int, retry_at: datetime) -> Delivery:
    delivery = Delivery()
    for _ in range(times):
        delivery = delivery.claim(ME, DUE).put_back(ME, "smtp_451", retry_at, counted=True)
    return delivery


def test_a_step_that_was_tried_in_vain_is_late_since_it_was_planned_and_says_how_often_why_and_when_again() -> None:
    again_at = NOW + 3 * MINUTE
    rows = step_rows(a_case().with_delivery("first", tried(11, again_at)), CAMPAIGN)

    found = late(rows, DUE, again_at, NOW)

    assert found == Late("first", DUE, 11, "smtp_451", again_at)
    assert in_words(found, NOW) == "late 24 min, tried 11 times: smtp_451, again at 2026-05-04 14:27:00 UTC"


def test_a_step_that_nobody_takes_up_is_late_since_it_was_due_and_waits_for_a_worker() -> None:
    found = late(step_rows(a_case(), CAMPAIGN), None, DUE, NOW)

    assert found == Late("first", DUE, 0, None, DUE)
    assert in_words(found, NOW) == "late 24 min, not tried yet, due now"


def test_the_latest_step_that_is_due_is_the_late_one() -> None:
    now = FAILED_AT + 3 * DAY + HOUR

    found = late(step_rows(a_case(), CAMPAIGN), DUE, now, now)

    assert found is not None
    assert found.step == "reminder"


def test_a_step_that_is_made_due_before_any_is_planned_is_the_next() -> None:
    now = FAILED_AT + 10 * MINUTE

    found = late(step_rows(a_case(), CAMPAIGN), FAILED_AT, None, now)

    assert found is not None
    assert found.step == "first"
    assert in_words(found, now) == "late 10 min, not tried yet"


def test_what_is_due_for_seconds_is_just_being_sent_unless_it_was_tried_in_vain() -> None:
    now = DUE + 30 * SECOND
    tried_once = step_rows(a_case().with_delivery("first", tried(1, now)), CAMPAIGN)

    assert late(step_rows(a_case(), CAMPAIGN), DUE, DUE, now) is None
    found = late(tried_once, DUE, now + SECOND, now)
    assert found is not None
    assert in_words(found, now).startswith("late 30 s, tried once: smtp_451, again at ")


def test_what_is_yet_to_come_or_all_done_is_not_late() -> None:
    done = a_case(deliveries={step.name: sent() for step in CAMPAIGN.steps})

    assert late(step_rows(a_case(), CAMPAIGN), None, DUE, DUE - SECOND) is None
    assert late(step_rows(done, CAMPAIGN), None, DUE, NOW) is None


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_how_late_is_said_in_the_unit_that_fits(span: timedelta, said: str) -> None:
    assert in_words(Late("first", NOW - span, 2, None, None), NOW) == f"late {said}, tried 2 times"
