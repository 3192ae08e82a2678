from datetime import UTC, datetime, timedelta

import pytest

from dunning.rules.breaker import hour_of, oldest_remembered, threshold, without_alarms

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
THIS_HOUR = hour_of(NOW)


def ago(*hours_and_counts: tuple[int, int]) -> dict[int, int]:
    """Give counts by how many hours ago they were made."""
    return {THIS_HOUR - hours: count for hours, count in hours_and_counts}


def test_an_hour_is_the_clocks() -> None:
    assert hour_of(datetime(2026, 5, 4, 12, 0, tzinfo=UTC)) == THIS_HOUR
    assert hour_of(datetime(2026, 5, 4, 12, 59, 59, 999_999, tzinfo=UTC)) == THIS_HOUR
    assert hour_of(datetime(2026, 5, 4, 13, 0, tzinfo=UTC)) == THIS_HOUR + 1
    assert hour_of(datetime(1970, 1, 1, 1, 0, tzinfo=UTC)) == 1


def test_counts_are_remembered_for_35_days() -> None:
    assert oldest_remembered(NOW) == THIS_HOUR - 35 * 24


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (ago(), 1_000),
        (ago((0, 5_000)), 1_000),
        (ago((23, 1)), 1_000),
        (ago((23, 900), (0, 900)), 1_000),
        (ago((24, 1)), 50),
        (ago((24, 16)), 50),
        (ago((24, 17)), 51),
        (ago((30, 1), (2, 400)), 1_200),
        (ago((30, 20), (0, 5_000)), 60),
        (ago((35 * 24, 100)), 300),
        (ago((35 * 24 + 1, 100)), 1_000),
        (ago((35 * 24 + 1, 9_000), (35 * 24, 100)), 300),
        (ago((30, 20), (-1, 5_000)), 60),
    ],
    ids=[
        "nothing counted yet",
        "the hour being judged is no history",
        "less than a day of it is none",
        "however much was in it",
        "a day of it is one",
        "never below the floor",
        "three times the busiest hour",
        "the busiest hour may be a late one",
        "a burst does not lift its own limit",
        "the oldest hour still counts",
        "what is older counts no more",
        "an old burst is forgotten",
        "nor does what a clock that is ahead counted",
    ],
)
def test_the_limit_that_is_found_by_itself(opened: dict[int, int], expected: int) -> None:
    assert threshold(opened, "auto", NOW) == expected


@pytest.mark.parametrize("opened", [ago(), ago((30, 400))])
def test_a_number_is_the_limit_whatever_was_usual(opened: dict[int, int]) -> None:
    assert threshold(opened, 120, NOW) == 120


def test_off_has_no_limit() -> None:
    assert threshold(ago((30, 400)), "off", NOW) is None


def test_the_limit_holds_for_a_whole_hour() -> None:
    opened = ago((30, 20))

    limits = {threshold(opened, "auto", NOW.replace(minute=0) + timedelta(minutes=minute)) for minute in range(60)}

    assert limits == {60}


@pytest.mark.parametrize(
    ("held_for", "left"),
    [
        (timedelta(), {1: 40, 2: 50, 3: 0, 4: 20}),
        (timedelta(minutes=29), {1: 40, 2: 50, 3: 0, 4: 20}),
        (timedelta(minutes=30), {1: 40, 2: 0, 3: 0, 4: 20}),
        (timedelta(hours=2), {1: 0, 2: 0, 3: 0, 4: 20}),
        (timedelta(minutes=-1), {1: 40, 2: 50, 3: 0, 4: 20}),
        (timedelta(hours=-2), {1: 40, 2: 50, 3: 0, 4: 20}),
    ],
    ids=["tripped and off", "within the hour", "to the next hour", "for hours", "a clock behind", "one far behind"],
)
def test_nothing_is_learned_from_the_hours_of_an_alarm(held_for: timedelta, left: dict[int, int]) -> None:
    tripped = NOW - timedelta(hours=3)
    opened = ago((1, 40), (2, 50), (3, 5_000), (4, 20))

    usual = without_alarms(opened, [(tripped, tripped + held_for)])

    assert usual == ago(*left.items())


def test_an_hour_of_an_alarm_was_watched_all_the_same() -> None:
    tripped = NOW - timedelta(hours=30)

    assert threshold(without_alarms(ago((30, 5_000)), [(tripped, tripped)]), "auto", NOW) == 50
