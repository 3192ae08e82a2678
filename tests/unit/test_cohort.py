"""Sums by the day of the failure, and the comparison that is made of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dunning.paddle.events import EventType
from dunning.reasons import EndReason
from dunning.rules.case import Case, CaseState
from dunning.rules.cohort import LARGEST_AMOUNT, Amounts, Became, Group, added, groups_of, last_settled, sums_by_failure
from dunning.rules.comparison import compare
from dunning.rules.hold_out import Arm
from dunning.rules.lift import MoneySide, Side, lift_in_money
from dunning.rules.tally import Money, Sum, money_of, money_of_live, totals_of
from tests.unit.case_builders import (
    CAMPAIGN,
    DAY,
    FAILED_AT,
    a_case,
    a_live_transaction,
    a_transaction,
    an_event,
)

TENTH = replace(CAMPAIGN, hold_out=10)
EUR = Money("EUR", 2_900)
LATER = FAILED_AT + 3 * DAY


def recovered(case: Case) -> Case:
    return case.end(CaseState.RECOVERED, None, LATER)


def told(sums: Iterable[Sum]) -> dict[str, int]:
    found = [*sums]
    assert {one.day for one in found} <= {FAILED_AT.date()}
    return {one.field: one.by for one in found}


def test_a_case_counts_on_the_day_of_its_failure_when_it_is_opened_and_when_it_is_paid() -> None:
    assert told(sums_by_failure(None, a_case(), CAMPAIGN, EUR)) == {
        "n|due|renewal|none|0|EUR": 1,
        "a|due|renewal|none|0|EUR": 2_900,
    }
    assert told(sums_by_failure(a_case(), recovered(a_case()), CAMPAIGN, EUR)) == {
        "n|paid|renewal|none|0|EUR": 1,
        "a|paid|renewal|none|0|EUR": 2_900,
    }


def test_a_case_that_is_compared_counts_on_its_side_and_when_paid_with_its_square() -> None:
    held_out = a_case(held_out=True)

    assert told(sums_by_failure(None, held_out, TENTH, EUR)) == {
        "n|due|renewal|held_out|10|EUR": 1,
        "a|due|renewal|held_out|10|EUR": 2_900,
    }
    assert told(sums_by_failure(a_case(), recovered(a_case()), TENTH, EUR)) == {
        "n|paid|renewal|mailed|10|EUR": 1,
        "a|paid|renewal|mailed|10|EUR": 2_900,
        "q|paid|renewal|mailed|10|EUR": 841,
    }
    assert told(sums_by_failure(None, held_out.but(uncompared=True), TENTH, None)) == {"n|due|renewal|none|0|": 1}


@pytest.mark.parametrize("money", [None, Money("EUR", LARGEST_AMOUNT + 1), Money("EUR", -1)])
def test_an_amount_that_is_not_known_or_none_is_left_out(money: Money | None) -> None:
    assert told(sums_by_failure(None, a_case(), CAMPAIGN, money)) == {"n|due|renewal|none|0|": 1}


@pytest.mark.parametrize("amount", [0, LARGEST_AMOUNT])
def test_the_smallest_amount_and_the_largest_are_known(amount: int) -> None:
    assert told(sums_by_failure(None, a_case(), CAMPAIGN, Money("EUR", amount))) == {
        "n|due|renewal|none|0|EUR": 1,
        "a|due|renewal|none|0|EUR": amount,
    }


def test_nothing_else_that_happens_to_a_case_counts() -> None:
    stopped = a_case().end(CaseState.STOPPED, EndReason.BY_OPERATOR, LATER)

    assert told(sums_by_failure(a_case(), a_case(decline_class="soft"), CAMPAIGN, EUR)) == {}
    assert told(sums_by_failure(a_case(), stopped, CAMPAIGN, EUR)) == {}
    assert told(sums_by_failure(recovered(a_case()), recovered(a_case()), CAMPAIGN, EUR)) == {}
    assert told(sums_by_failure(stopped, recovered(stopped), CAMPAIGN, None)) == {"n|paid|renewal|none|0|": 1}


def test_what_is_summed_up_is_read_as_it_was_written_and_beside_the_other_sums() -> None:
    fields = {
        **told(sums_by_failure(None, a_case(), TENTH, EUR)),
        **told(sums_by_failure(a_case(), recovered(a_case()), TENTH, EUR)),
        "n|opened|renewal||hard||EUR": 1,
        "n|due|renewal|sideways|10|EUR": 1,
        "n|due|renewal|mailed|ten|EUR": 1,
        "z|due|renewal|mailed|10|EUR": 9,
        "n|due": 1,
    }

    groups = groups_of(fields)

    assert groups == {
        Group(Became.DUE, "renewal", Arm.MAILED, 10, "EUR"): Amounts(1, 2_900, 0),
        Group(Became.PAID, "renewal", Arm.MAILED, 10, "EUR"): Amounts(1, 2_900, 841),
    }
    assert added([groups, groups])[Group(Became.DUE, "renewal", Arm.MAILED, 10, "EUR")] == Amounts(2, 5_800, 0)
    assert len(totals_of(fields)) == 1


def test_a_day_is_settled_once_every_case_of_it_is_over() -> None:
    assert last_settled(date(2026, 5, 10)) == date(2026, 5, 10) - timedelta(days=36)


def test_an_amount_is_what_an_event_or_paddles_answer_tells() -> None:
    event = an_event(EventType.TRANSACTION_PAID, a_transaction(total=2_900))

    assert money_of(event) == Money("USD", 2_900)
    assert money_of(an_event(EventType.TRANSACTION_PAID)) is None
    assert money_of_live(a_live_transaction(total=2_400)) == Money("USD", 2_400)
    assert money_of_live(a_live_transaction()) is None
    assert money_of_live(None) is None


def played(mailed: tuple[int, int], held_out: tuple[int, int], money: Money | None = EUR) -> dict[Group, Amounts]:
    """Sum up so many cases of each side, and of them so many paid."""
    sums: Counter[str] = Counter()
    for (cases, paid), is_held_out in ((mailed, False), (held_out, True)):
        case = a_case(held_out=is_held_out)
        for number in range(cases):
            for one in sums_by_failure(None, case, TENTH, EUR):
                sums[one.field] += one.by
            for one in sums_by_failure(case, recovered(case), TENTH, money) if number < paid else ():
                sums[one.field] += one.by
    return groups_of(sums)


def test_each_campaign_and_share_is_compared_for_itself() -> None:
    twentieth = {
        Group(group.became, group.campaign, group.arm, 5, group.currency): amounts
        for group, amounts in played((10, 5), (10, 5)).items()
    }
    none = {Group(Became.DUE, "renewal", None, 0, "EUR"): Amounts(7)}

    fewer, more = compare({**played((900, 540), (100, 40)), **twentieth, **none})

    assert (fewer.percent, fewer.mailed, fewer.lift, fewer.money) == (5, Side(10, 5), None, {"EUR": None})
    assert (more.campaign, more.percent) == ("renewal", 10)
    assert (more.mailed, more.held_out) == (Side(900, 540), Side(100, 40))
    assert more.lift is not None
    assert more.lift.estimate == pytest.approx(0.2)
    assert more.lift.tells
    assert more.needed > 100
    interval = more.money["EUR"]
    assert interval is not None
    assert interval.estimate == pytest.approx(0.2 * 2_900)


def test_payments_of_unknown_amount_count_as_cases_and_say_nothing_of_money() -> None:
    (one,) = compare(played((900, 540), (100, 40), money=None))

    assert one.held_out == Side(100, 40)
    assert one.money == {"EUR": None}


def test_each_currency_is_compared_for_itself_with_the_squares_of_its_amounts() -> None:
    euros = played((900, 540), (100, 40))
    dollars = {
        replace(group, currency="USD"): Amounts(sums.cases, 2 * sums.amount, 4 * sums.squares)
        for group, sums in played((300, 90), (80, 40)).items()
    }

    (one,) = compare({**euros, **dollars})

    assert one.money == {
        "EUR": lift_in_money(
            MoneySide(900, 540, 540 * 2_900, 540 * 841), MoneySide(100, 40, 40 * 2_900, squares=40 * 841)
        ),
        "USD": lift_in_money(
            MoneySide(300, 90, 90 * 5_800, 90 * 3_364), MoneySide(80, 40, 40 * 5_800, squares=40 * 3_364)
        ),
    }


@pytest.mark.parametrize(("arm", "known"), [(Arm.MAILED, 540), (Arm.HELD_OUT, 40)])
def test_too_many_payments_of_unknown_amount_on_one_side_say_nothing_of_money(arm: Arm, known: int) -> None:
    groups = played((900, 540), (100, 40))
    unknown = Group(Became.PAID, "renewal", arm, 10, "")

    told = [compare({**groups, unknown: Amounts(cases)})[0].money["EUR"] for cases in (known // 50, known // 40)]

    assert told == [compare(groups)[0].money["EUR"], None]
