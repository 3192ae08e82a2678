"""Who is held out: drawn by a keyed hash, the same for all debts of a customer, and decided when a case is opened."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dunning.paddle.events import EventType
from dunning.rules.campaign_version import from_json, to_json, version
from dunning.rules.case import Case
from dunning.rules.hold_out import Arm, Draw, arm_of, draw, is_drawn, is_left_unmailed, parse_share
from dunning.rules.on_event import on_transaction
from dunning.rules.story import Kind
from dunning.rules.what_changed import caused_by, entries_of_change, entries_of_moves
from tests.unit.case_builders import CAMPAIGN, FAILED_AT, a_case, a_transaction, an_event

KEY = "0123456789abcdef"
EVERYBODY = replace(CAMPAIGN, hold_out=100)
TENTH = replace(CAMPAIGN, hold_out=10)
CUSTOMERS = [f"ctm_{number:026d}" for number in range(10_000)]


@pytest.mark.parametrize(("text", "percent"), [("0%", 0), ("5%", 5), ("10%", 10), ("50%", 50)])
def test_a_share_is_read(text: str, percent: int) -> None:
    assert parse_share(text) == percent


@pytest.mark.parametrize("text", ["", "10", "51%", "100%", "-1%", "2.5%", "10 %", " 10%", "ten"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be a whole number of percent in quotes, from 0% to 50%"):
        parse_share(text)


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_so_many_percent_are_drawn(percent: int) -> None:
    drawn = sum(is_drawn(customer, percent, KEY) for customer in CUSTOMERS)

    # Five standard deviations of a binomial. The draw is fixed, so it is always the same.
    assert abs(drawn / len(CUSTOMERS) - percent / 100) <= 5 * (percent * (100 - percent) / 100**2 / 10_000) ** 0.5


def test_who_is_drawn_stays_drawn_in_a_larger_share() -> None:
    small = {customer for customer in CUSTOMERS if is_drawn(customer, 10, KEY)}

    assert small < {customer for customer in CUSTOMERS if is_drawn(customer, 20, KEY)}


def test_another_key_draws_others() -> None:
    drawn = [{customer for customer in CUSTOMERS if is_drawn(customer, 10, key)} for key in (KEY, "another")]

    assert len(drawn[0] & drawn[1]) < len(drawn[0]) / 2


def test_the_draw_is_the_same_for_ever() -> None:
    # With another answer, a new version would mail customers who were held out.
    assert [number for number, customer in enumerate(CUSTOMERS[:60]) if is_drawn(customer, 10, KEY)] == DRAWN


DRAWN = [3, 10, 16, 22, 28, 46, 58]


@pytest.mark.parametrize(
    ("others", "held_out", "uncompared"),
    [
        ((), True, False),
        ((True,), True, True),
        ((False,), False, True),
        ((True, False), False, True),
    ],
)
def test_a_case_is_held_out_unless_the_customer_has_one_that_is_mailed(
    others: Sequence[bool], *, held_out: bool, uncompared: bool
) -> None:
    case = draw(a_case(), EVERYBODY, Draw(KEY, tuple(others)))

    assert (case.held_out, case.uncompared) == (held_out, uncompared)


def test_without_a_hold_out_a_case_is_as_it_was() -> None:
    assert draw(a_case(), CAMPAIGN, Draw(KEY, (True,))) == a_case()
    assert arm_of(a_case(), CAMPAIGN) is None


def test_the_side_of_the_comparison_is_that_of_the_draw() -> None:
    assert arm_of(a_case(held_out=True), TENTH) is Arm.HELD_OUT
    assert arm_of(a_case(), TENTH) is Arm.MAILED
    assert arm_of(a_case(held_out=True, uncompared=True), TENTH) is None


@pytest.mark.parametrize(
    ("held_out", "others", "unmailed"),
    [(True, (), True), (True, (True,), True), (True, (True, False), False), (False, (True,), False)],
)
def test_beside_a_debt_that_is_mailed_none_is_left_unmailed(
    *, held_out: bool, others: Sequence[bool], unmailed: bool
) -> None:
    assert is_left_unmailed(a_case(held_out=held_out), [a_case(held_out=one) for one in others]) is unmailed


def test_it_is_decided_when_the_case_is_opened_and_stays_so() -> None:
    facts = a_transaction()
    event = an_event(EventType.TRANSACTION_PAST_DUE, facts)

    def after(case: Case | None) -> Case | None:
        return on_transaction(event, facts, case, [EVERYBODY], FAILED_AT, hold_out=Draw(KEY)).case

    opened = after(None)
    assert opened is not None
    assert opened.held_out
    assert after(opened) is None  # nothing new
    assert after(a_case()) is None
    unasked = on_transaction(event, facts, None, [EVERYBODY], FAILED_AT).case
    assert unasked is not None
    assert not unasked.held_out


def test_the_story_of_a_case_that_is_held_out_tells_it_once() -> None:
    case = a_case(held_out=True)

    opened = [
        caused_by(an_event(EventType.TRANSACTION_PAST_DUE), None, case),
        *entries_of_moves(None, case),
    ]

    assert [entry.kind for entry in opened] == [Kind.OPENED, Kind.HELD_OUT]
    assert entries_of_change(case, case.but(decline_class="soft")) == []


def test_what_is_at_rest_grows_only_for_what_is_held_out() -> None:
    assert '"h"' not in a_case().at_rest()
    assert '"n"' not in a_case().at_rest()
    held_out = a_case(held_out=True, uncompared=True)
    assert Case.from_rest(held_out.id, held_out.at_rest()) == held_out


def test_a_campaign_without_a_hold_out_keeps_the_version_that_it_had() -> None:
    assert "hold_out" not in to_json(CAMPAIGN)
    assert from_json(to_json(TENTH)) == TENTH
    assert version(TENTH) != version(CAMPAIGN)
