"""What mails bring, with its interval: the formulas against what was published, and nothing said of too little."""

import math

import pytest

from dunning.rules.lift import (
    ENOUGH,
    SQUARE_UNIT,
    Interval,
    MoneySide,
    Side,
    difference,
    held_out_needed,
    lift_in_cases,
    lift_in_money,
    sample_needed,
    wilson,
)


# R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference(Side(one[1], one[0]), Side(other[1], other[0]))

    assert found.estimate == pytest.approx(one[0] / one[1] - other[0] / other[1])
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_interval_of_a_share_is_wilsons() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    assert [round(bound, 4) for bound in wilson(Side(263, 81))] == [0.2553, 0.3662]
    assert [round(bound, 4) for bound in wilson(Side(29, 1))] == [0.0061, 0.1718]


def test_the_sample_is_that_of_the_book() -> None:
    # Fleiss, Levin and Paik's own example has 827 in each sample, with their correction for continuity.
    plain = sample_needed(0.6, 0.7, 1, confidence=0.99, power=0.95)

    assert plain == 808
    assert round(plain / 4 * (1 + math.sqrt(1 + 4 / (plain * 0.1))) ** 2) in {827, 828}


@pytest.mark.parametrize(("rate", "percent"), [(0.5, 10), (0.5, 50), (0.0, 10), (0.02, 1), (1.0, 10)])
def test_the_sample_is_told_for_every_rate_and_share(rate: float, percent: int) -> None:
    assert held_out_needed(rate, percent) > 0


@pytest.mark.parametrize(("percent", "mailed_for_each"), [(10, 9), (20, 4), (50, 1)])
def test_the_sample_is_for_five_points_less_and_for_as_many_more_that_are_mailed(
    percent: int, mailed_for_each: int
) -> None:
    assert held_out_needed(0.5, percent) == sample_needed(0.45, 0.5, mailed_for_each)


def test_the_more_is_held_out_the_more_of_it_is_needed_and_the_less_in_all() -> None:
    tenth, half = held_out_needed(0.5, 10), held_out_needed(0.5, 50)

    assert tenth < half
    assert tenth / 0.10 > half / 0.50


def test_of_too_few_cases_nothing_is_said() -> None:
    many, few = Side(1_000, 500), Side(ENOUGH - 1, 10)

    assert lift_in_cases(many, few) is None
    assert lift_in_cases(few, many) is None
    assert lift_in_cases(many, Side(ENOUGH, 10)) == difference(many, Side(ENOUGH, 10))


@pytest.mark.parametrize(
    ("interval", "tells"),
    [(Interval(0.1, 0.01, 0.2), True), (Interval(-0.1, -0.2, -0.01), True), (Interval(0.1, -0.01, 0.2), False)],
)
def test_an_interval_tells_a_difference_if_none_lies_outside(interval: Interval, *, tells: bool) -> None:
    assert interval.tells is tells


def money(cases: int, *amounts: int, unknown: int = 0) -> MoneySide:
    squares = round(sum(amount**2 for amount in amounts) / SQUARE_UNIT)
    return MoneySide(cases, len(amounts), sum(amounts), squares, unknown)


def test_money_is_the_difference_of_the_means_of_all_cases_paid_or_not() -> None:
    mailed, held_out = money(200, *[3_000] * 100), money(100, *[3_000] * 40)

    found = lift_in_money(mailed, held_out)

    # By hand: means 1,500 and 1,200; variances 3,000² times p(1 - p) n / (n - 1), each over n.
    half = 1.959964 * math.sqrt(3_000**2 * (0.25 / 199 + 0.24 / 99))
    assert found is not None
    assert found.estimate == pytest.approx(300)
    assert found.low == pytest.approx(300 - half, rel=1e-4)
    assert found.high == pytest.approx(300 + half, rel=1e-4)


@pytest.mark.parametrize(
    "held_out",
    [
        money(1_000, *[3_000] * (ENOUGH - 1)),  # too few payments
        money(1_000, *[3_000] * 100, unknown=3),  # too many of unknown amount
        MoneySide(),
    ],
)
def test_nothing_is_said_of_money_that_is_too_little_or_not_known(held_out: MoneySide) -> None:
    assert lift_in_money(money(1_000, *[3_000] * 500), held_out) is None
    assert lift_in_money(held_out, money(1_000, *[3_000] * 500)) is None


def test_a_few_unknown_amounts_are_borne() -> None:
    assert lift_in_money(money(1_000, *[3_000] * 500), money(1_000, *[3_000] * 98, unknown=2)) is not None


def test_as_many_payments_as_are_enough_say_something_of_money() -> None:
    assert lift_in_money(money(1_000, *[3_000] * ENOUGH), money(1_000, *[3_000] * ENOUGH)) is not None


def test_where_all_paid_the_same_nothing_is_unsure() -> None:
    assert lift_in_money(money(100, *[3_000] * 100), money(50, *[3_000] * 50)) == Interval(0, 0, 0)
