from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning.rules.campaign import SendBetween
from dunning.rules.sending_hours import END_OF_DAY, format_time_of_day, next_opening, parse_time_of_day
from dunning.rules.time_zones import zone_of

OFFICE = SendBetween(opens=time(8), closes=time(18))

MINUTE = timedelta(minutes=1)


def hours(text: str) -> SendBetween:
    """Read `08:00-18:00`."""
    opens, closes = (parse_time_of_day(part) for part in text.split("-"))
    return SendBetween(opens=opens, closes=closes)


def local(text: str, country_code: str) -> datetime:
    """Read a moment as a clock of the country shows it; with `again`, the second time that it does."""
    at = datetime.fromisoformat(text.removesuffix(" again"))
    return at.replace(tzinfo=zone_of(country_code), fold=int(text.endswith("again"))).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23T08:00", "2026-11-23T08:00"),
        ("2026-11-23T12:34:56.789", "2026-11-23T12:34:56.789"),
        ("2026-11-23T17:59:59.999999", "2026-11-23T17:59:59.999999"),
        ("2026-11-23T18:00", "2026-11-24T08:00"),
        ("2026-11-23T23:30", "2026-11-24T08:00"),
        ("2026-11-23T07:59:59.999999", "2026-11-23T08:00"),
        ("2026-12-31T20:00", "2027-01-01T08:00"),
    ],
)
@pytest.mark.parametrize("country_code", ["US", "DE", "JP", "IN", "NP", "KI"])
def test_it_opens_on_the_customers_clock(now: str, opens: str, country_code: str) -> None:
    assert next_opening(OFFICE, country_code, local(now, country_code)) == local(opens, country_code)


def test_without_a_country_it_opens_on_universal_time() -> None:
    assert next_opening(OFFICE, None, datetime(2026, 11, 23, 3, tzinfo=UTC)) == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_inside_the_hours_it_is_the_very_moment_that_was_given() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    assert next_opening(OFFICE, "DE", now) is now


@pytest.mark.parametrize(
    ("between", "country_code", "now", "opens"),
    [
        pytest.param("08:00-18:00", "DE", "2026-03-28T20:00", "2026-03-29T08:00", id="a night an hour shorter"),
        pytest.param("08:00-18:00", "DE", "2026-10-24T20:00", "2026-10-25T08:00", id="a night an hour longer"),
        # In Germany, 02:00 is followed by 03:00 on 29 March 2026.
        pytest.param("02:30-18:00", "DE", "2026-03-29T01:00", "2026-03-29T03:00", id="the opening is skipped"),
        pytest.param("02:00-03:00", "DE", "2026-03-29T01:00", "2026-03-30T02:00", id="all hours are skipped"),
        pytest.param("02:30-18:00", "DE", "2026-03-28T20:00", "2026-03-29T03:00", id="skipped since the evening"),
        # And 03:00 by 02:00 on 25 October.
        pytest.param("02:00-02:30", "DE", "2026-10-25T02:45", "2026-10-25T02:00 again", id="it opens again"),
        pytest.param("01:00-02:30", "DE", "2026-10-25T02:45", "2026-10-25T02:00 again", id="back into the hours"),
        pytest.param("02:45-18:00", "DE", "2026-10-25T02:00 again", "2026-10-25T02:45 again", id="an hour too early"),
        pytest.param("02:00-02:30", "DE", "2026-10-25T02:45 again", "2026-10-26T02:00", id="closed for good"),
        # Britain keeps universal time in winter, and may be taken for the machine's own.
        pytest.param("01:30-18:00", "GB", "2026-03-28T20:00", "2026-03-29T02:00", id="skipped on leaving UTC"),
        pytest.param("01:00-01:30", "GB", "2026-10-25T01:45", "2026-10-25T01:00 again", id="opens again on UTC"),
        # Samoa had no 30 December 2011, as it went over the date line.
        pytest.param("08:00-18:00", "WS", "2011-12-29T20:00", "2011-12-31T08:00", id="a day is skipped"),
    ],
)
def test_it_opens_when_clocks_are_changed(between: str, country_code: str, now: str, opens: str) -> None:
    assert next_opening(hours(between), country_code, local(now, country_code)) == local(opens, country_code)


times_of_day = st.integers(0, 24 * 60).map(lambda minute: parse_time_of_day(f"{minute // 60:02}:{minute % 60:02}"))
windows = (
    st.tuples(times_of_day, times_of_day)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: SendBetween(opens=min(pair), closes=max(pair)))
)
# Those whose clocks are changed, north and south, by an hour and by more or less, and one that leaves its clocks alone.
countries = st.sampled_from(["US", "DE", "CL", "AU", "NZ", "MA", "IR", "WS", "PY", "EG", "GL", "IN"])
# Around the nights in which clocks are changed somewhere, and at any time.
nights = st.sampled_from(
    [
        datetime(2011, 12, 29, 12, tzinfo=UTC),
        datetime(2026, 3, 7, 12, tzinfo=UTC),
        datetime(2026, 3, 28, 12, tzinfo=UTC),
        datetime(2026, 4, 4, 0, tzinfo=UTC),
        datetime(2026, 9, 5, 12, tzinfo=UTC),
        datetime(2026, 10, 3, 12, tzinfo=UTC),
        datetime(2026, 10, 24, 12, tzinfo=UTC),
        datetime(2026, 10, 31, 12, tzinfo=UTC),
    ]
)
moments = st.one_of(
    st.builds(lambda night, seconds: night + timedelta(seconds=seconds), nights, st.integers(0, 2 * 86_400)),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants bounds without zone
)


def is_open(between: SendBetween, zone: ZoneInfo, at: datetime) -> bool:
    return between.opens <= at.astimezone(zone).time() < between.closes


@given(windows, countries, moments)
@example(hours("02:00-02:01"), "DE", datetime(2026, 3, 28, 1, 1, tzinfo=UTC))
def test_it_is_the_first_moment_inside_the_hours(between: SendBetween, country_code: str, now: datetime) -> None:
    zone = zone_of(country_code)

    at = next_opening(between, country_code, now)

    assert at >= now
    assert is_open(between, zone, at)
    # All of them change their clocks at whole minutes, so whole minutes tell for all moments between.
    minute = now.replace(second=0, microsecond=0) + MINUTE
    earlier = [minute + MINUTE * count for count in range(max(0, -((minute - at) // MINUTE)))]
    assert at == now or not is_open(between, zone, now)
    assert not any(is_open(between, zone, moment) for moment in earlier if moment < at)


@given(times_of_day)
def test_a_time_of_day_is_written_as_it_is_read(at: time) -> None:
    assert parse_time_of_day(format_time_of_day(at)) == at


def test_a_day_ends_at_24() -> None:
    assert parse_time_of_day("24:00") == END_OF_DAY
    assert next_opening(hours("00:00-24:00"), "DE", local("2026-11-23T23:59", "DE")) == local("2026-11-23T23:59", "DE")


@pytest.mark.parametrize(
    "text", ["", "8:00", "08:0", "08.00", "25:00", "24:01", "12:60", "08:00:00", " 08:00", "\u0660\u0668:00"]
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be HH:MM"):
        parse_time_of_day(text)
