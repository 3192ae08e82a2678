import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Figure, at_least, at_most, busiest, percentile, ratios

NUMBERS = st.floats(min_value=0, max_value=1e6)


def test_a_figure_is_the_median_of_its_runs() -> None:
    assert Figure("time", "ms", (30.0, 1.0, 2.0)).median == 2.0
    assert Figure("time", "ms", (1.0, 2.0)).median == 1.5


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (at_least(0.4), 0.4, "met"),
        (at_least(0.4), 0.39, "missed"),
        (at_most(600), 600, "met"),
        (at_most(600), 601, "missed"),
        (None, 1.0, ""),
    ],
)
def test_a_target_is_met_on_its_own_side_and_on_the_line(target: object, value: float, verdict: str) -> None:
    figure = Figure("some", "bytes", (value,), target)  # type: ignore[arg-type] # a Target or None

    assert figure.verdict == verdict


def test_the_verdict_goes_by_the_median_and_not_by_the_best_or_the_worst_run() -> None:
    assert Figure("time", "ms", (1.0, 100.0, 200.0), at_most(150)).verdict == "met"
    assert Figure("time", "ms", (1.0, 160.0, 200.0), at_most(150)).verdict == "missed"


def test_ratios_are_taken_run_by_run() -> None:
    assert ratios([1.0, 6.0], [2.0, 3.0]) == (0.5, 2.0)


def test_ratios_of_runs_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(("percent", "value"), [(0, 1.0), (50, 50.0), (99, 99.0), (99.5, 100.0), (100, 100.0)])
def test_a_percentile_is_the_value_that_so_many_are_not_above(percent: float, value: float) -> None:
    hundred = [float(number) for number in range(100, 0, -1)]

    assert percentile(hundred, percent) == value


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


@given(st.lists(NUMBERS, min_size=1), st.floats(min_value=0, max_value=100))
def test_a_percentile_was_measured_and_not_made_up(values: list[float], percent: float) -> None:
    found = percentile(values, percent)

    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-6


@pytest.mark.parametrize(
    ("moments", "most"),
    [
        ([], 0),
        ([5.0], 1),
        ([0.0, 60.0], 1),
        ([0.0, 59.9], 2),
        ([60.9, 0.0, 1.0, 60.5], 3),
    ],
)
def test_the_busiest_minute_is_counted_wherever_it_begins(moments: list[float], most: int) -> None:
    assert busiest(moments, 60.0) == most


@given(st.lists(st.integers(min_value=0, max_value=300)))
def test_no_minute_that_begins_with_a_moment_is_busier(moments: list[int]) -> None:
    counts = [sum(begin <= moment < begin + 60 for moment in moments) for begin in moments]

    assert busiest(moments, 60) == max(counts, default=0)
