from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.durations import (
    LONG_IN_HOURS,
    LONG_IN_MINUTES,
    LONGEST,
    format_duration,
    format_span,
    parse_duration,
)

SHOULD_BE = "whole number and one of s, m, h or d"


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("3650d", LONGEST),
    ],
)
def test_a_number_and_a_unit_is_a_duration(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "d",
        "3 d",
        " 3d",
        "3d\n",
        "-3d",
        "+3d",
        "1.5h",
        "3D",
        "3w",
        "2h30m",
        "1e3s",
        "٣d",
        "3651d",
        "9" * 5000 + "s",
    ],
)
def test_anything_else_is_refused_with_what_it_should_be(text: str) -> None:
    with pytest.raises(ValueError, match=SHOULD_BE):
        parse_duration(text)


def test_a_refusal_does_not_repeat_what_was_written() -> None:
    with pytest.raises(ValueError, match=SHOULD_BE) as refusal:
        parse_duration("hunter2")

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=90), "90s"),
        (timedelta(minutes=90), "90m"),
        (timedelta(hours=24), "1d"),
        (timedelta(hours=25), "25h"),
        (timedelta(days=30), "30d"),
    ],
)
def test_a_duration_is_written_in_the_largest_unit_that_holds_it(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=59.4), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (LONG_IN_MINUTES - timedelta(seconds=1), "119 min"),
        (LONG_IN_MINUTES, "2 h"),
        (LONG_IN_HOURS - timedelta(seconds=1), "47 h"),
        (LONG_IN_HOURS, "2 d"),
    ],
)
def test_how_long_something_has_gone_on_is_told_in_its_largest_unit(span: timedelta, text: str) -> None:
    assert format_span(span) == text


@pytest.mark.parametrize("duration", [timedelta(seconds=-1), timedelta(milliseconds=1500)])
def test_what_could_not_be_read_back_is_not_written(duration: timedelta) -> None:
    with pytest.raises(ValueError, match=r"^should be a whole number of seconds"):
        format_duration(duration)


@given(st.integers(min_value=0, max_value=int(LONGEST.total_seconds())))
def test_what_is_written_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert parse_duration(format_duration(duration)) == duration


@given(st.text())
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert timedelta(0) <= duration <= LONGEST
