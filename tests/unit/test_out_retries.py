from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dunning.rules.out_retries import (
    LOADED_REST,
    LONGEST_REST,
    TIMED_OUT,
    WAITS,
    Judged,
    Then,
    failed,
    judge,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


def judged(status: int, retry_after: str | None = None, *, tries: int = 0, chance: float = 0) -> Judged:
    return judge(status, retry_after, tries=tries, chance=chance, now=NOW)


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_says_that_the_destination_has_got_it(status: int) -> None:
    assert judged(status, "60") == Judged(Then.NOTHING)


@pytest.mark.parametrize("status", [300, 301, 307, 400, 401, 404, 408, 409, 422, 425, 500, 501, 599])
def test_whatever_else_is_a_failure_and_is_tried_again(status: int) -> None:
    assert judged(status) == Judged(Then.AGAIN, f"http_{status}", WAITS[0])


@pytest.mark.parametrize("tries", [0, 99])
def test_a_410_says_that_nothing_more_is_wanted(tries: int) -> None:
    assert judged(410, "60", tries=tries) == Judged(Then.GONE, "http_410")


@pytest.mark.parametrize("status", [429, 502, 504])
def test_a_destination_under_load_is_left_alone(status: int) -> None:
    assert judged(status) == Judged(Then.AGAIN, f"http_{status}", LOADED_REST, LOADED_REST)


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("60", A_MINUTE),
        (" 60 ", A_MINUTE),
        ("9" * 30, LONGEST_REST),
        (format_datetime(NOW + A_MINUTE, usegmt=True), A_MINUTE),
        ("Mon, 04 May 2026 12:01:00 -0000", A_MINUTE),
        ("Mon, 04 May 2026 14:01:00 +0200", A_MINUTE),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), LONGEST_REST),
    ],
)
def test_a_destination_is_left_alone_for_as_long_as_it_asks(said: str, rest: timedelta) -> None:
    assert judged(503, said) == Judged(Then.AGAIN, "http_503", rest, rest)


@pytest.mark.parametrize("said", ["0", "-5", "soon", "", "٦٠", format_datetime(NOW - A_MINUTE, usegmt=True)])
def test_what_asks_for_nothing_changes_nothing(said: str) -> None:
    assert judged(503, said) == Judged(Then.AGAIN, "http_503", WAITS[0])


def test_a_destination_that_is_given_up_on_is_left_alone_for_as_long_as_it_asks_too() -> None:
    assert judged(503, "60", tries=len(WAITS)) == Judged(Then.GIVE_UP, "http_503", rest=A_MINUTE)


def test_the_own_wait_stands_where_the_destination_asks_for_less() -> None:
    assert judged(503, "60", tries=1).again_in == WAITS[1]


def test_the_waits_grow_over_a_day_and_then_it_is_given_up() -> None:
    waits = [failed(TIMED_OUT, tries=tries, chance=0).again_in for tries in range(len(WAITS))]

    assert waits == sorted(waits) == list(WAITS)
    assert timedelta(days=1) < sum(waits, timedelta()) < timedelta(days=2)
    assert failed(TIMED_OUT, tries=len(WAITS), chance=0) == Judged(Then.GIVE_UP, TIMED_OUT)


def test_chance_makes_a_wait_longer_by_up_to_a_tenth() -> None:
    assert failed(TIMED_OUT, tries=1, chance=1).again_in == WAITS[1] * 1.1
