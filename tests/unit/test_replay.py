"""What a case that has ended would have been mailed by another plan."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dunning.reasons import SkipReason
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery
from dunning.rules.replay import Decline, Mail, declines_of, mails_by, went_by_the_plan
from dunning.rules.story import Entry, Kind
from tests.unit.case_builders import CAMPAIGN, FAILED_AT, a_case

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HARD, SOFT = DeclineClass.HARD, DeclineClass.SOFT


def step(name: str, hard: timedelta, soft: timedelta) -> Step:
    return Step(name, {HARD: hard, SOFT: soft, DeclineClass.OUTAGE: soft}, f"{name}_mail")


PLAN = replace(CAMPAIGN, steps=(step("first", 2 * HOUR, DAY), step("second", 3 * DAY, 3 * DAY)))


def mails(*declines: Decline, until: timedelta, plan: Campaign = PLAN) -> list[tuple[str, timedelta]]:
    ended = a_case().end(CaseState.RECOVERED, None, FAILED_AT + until)
    return [(one.step, one.at - FAILED_AT) for one in mails_by(plan, ended, declines, FAILED_AT + until)]


def test_each_mail_goes_out_when_it_is_due_until_the_end() -> None:
    opened = Decline(FAILED_AT, HARD)

    assert mails(opened, until=2 * HOUR) == []
    assert mails(opened, until=3 * DAY) == [("first", 2 * HOUR)]
    assert mails(opened, until=60 * DAY) == [("first", 2 * HOUR), ("second", 3 * DAY)]


def test_a_mail_names_its_template() -> None:
    ended = a_case().end(CaseState.RECOVERED, None, FAILED_AT + DAY)

    assert mails_by(PLAN, ended, [Decline(FAILED_AT, HARD)], FAILED_AT + DAY) == [
        Mail("first", "first_mail", FAILED_AT + 2 * HOUR)
    ]


def test_a_case_that_was_opened_late_gets_the_latest_of_what_was_due() -> None:
    assert mails(Decline(FAILED_AT + 4 * DAY, HARD), until=9 * DAY) == [("second", 4 * DAY)]


def test_another_failed_charge_moves_what_was_not_begun() -> None:
    declines = [Decline(FAILED_AT, SOFT), Decline(FAILED_AT + 5 * HOUR, HARD)]

    assert mails(*declines, until=2 * DAY) == [("first", 5 * HOUR)]


def test_a_failed_charge_at_the_moment_a_mail_is_due_comes_first() -> None:
    declines = [Decline(FAILED_AT, HARD), Decline(FAILED_AT + 2 * HOUR, SOFT)]

    assert mails(*declines, until=2 * DAY) == [("first", DAY)]


def test_a_turn_that_a_case_was_given_in_fact_puts_nothing_off() -> None:
    ended = a_case(not_before=FAILED_AT + 2 * DAY).end(CaseState.RECOVERED, None, FAILED_AT + 2 * DAY)

    (mail,) = mails_by(PLAN, ended, [Decline(FAILED_AT, HARD)], FAILED_AT + 2 * DAY)

    assert mail.at == FAILED_AT + 2 * HOUR


def test_what_was_done_in_fact_does_not_count() -> None:
    ended = a_case(deliveries={"first": Delivery().skip(SkipReason.OVERTAKEN)}).end(CaseState.STOPPED, "x", FAILED_AT)

    assert len(mails_by(PLAN, ended, [Decline(FAILED_AT, HARD)], FAILED_AT + 9 * DAY)) == 2


def test_a_story_tells_of_the_failed_charges() -> None:
    entries = [
        Entry(kind=Kind.OPENED, decline_class=SOFT),
        Entry(kind=Kind.CLICKED),
        Entry(kind=Kind.FAILED_AGAIN, decline_class=HARD),
    ]
    story = [(FAILED_AT + number * DAY, entry) for number, entry in enumerate(entries)]

    assert declines_of(story) == [Decline(FAILED_AT, SOFT), Decline(FAILED_AT + 2 * DAY, HARD)]


@pytest.mark.parametrize(
    ("delivery", "by_the_plan"),
    [
        (Delivery(), True),
        (Delivery().skip(SkipReason.OVERTAKEN), True),
        (Delivery().skip("recovered"), True),
        (Delivery().skip(SkipReason.SUPPRESSED), False),
        (Delivery().skip(SkipReason.COVERED), False),
        (Delivery().die("not_possible"), False),
    ],
)
def test_a_case_that_something_else_kept_from_a_mail_is_told_from_the_others(
    delivery: Delivery, *, by_the_plan: bool
) -> None:
    assert went_by_the_plan(a_case(deliveries={"first": delivery})) is by_the_plan


def test_one_that_was_held_out_did_not_go_by_the_plan() -> None:
    assert went_by_the_plan(a_case(held_out=True)) is False
