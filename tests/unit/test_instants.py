import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from dunning.instants import Instant, from_milliseconds, to_milliseconds, to_text

A_MILLISECOND = timedelta(milliseconds=1)


class Kept(BaseModel):
    at: Instant


def moments() -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


def test_a_moment_is_kept_as_milliseconds_since_1970() -> None:
    moment = datetime(2026, 5, 4, 12, 0, 0, 123_000, tzinfo=UTC)

    assert to_milliseconds(moment) == 1_777_896_000_123
    assert from_milliseconds(1_777_896_000_123) == moment


def test_a_moment_is_the_same_in_every_zone() -> None:
    there = datetime(2026, 5, 4, 14, 0, tzinfo=timezone(timedelta(hours=2)))

    assert from_milliseconds(to_milliseconds(there)) == there
    assert from_milliseconds(to_milliseconds(there)).tzinfo is UTC


@given(moments())
def test_keeping_a_moment_moves_it_back_by_less_than_a_millisecond(moment: datetime) -> None:
    assert timedelta(0) <= moment - from_milliseconds(to_milliseconds(moment)) < A_MILLISECOND


@given(
    st.integers(to_milliseconds(datetime(1970, 1, 1, tzinfo=UTC)), to_milliseconds(datetime(2100, 1, 1, tzinfo=UTC)))
)
def test_what_was_kept_once_is_kept_unchanged(milliseconds: int) -> None:
    assert to_milliseconds(from_milliseconds(milliseconds)) == milliseconds


@given(moments(), moments())
def test_keeping_moments_never_swaps_them(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))

    assert to_milliseconds(earlier) <= to_milliseconds(later)


@given(moments())
def test_a_model_reads_back_what_it_wrote(moment: datetime) -> None:
    written = Kept(at=moment).model_dump_json()

    assert written == f'{{"at":{to_milliseconds(moment)}}}'
    assert Kept.model_validate_json(written).at == from_milliseconds(to_milliseconds(moment))


def test_a_moment_in_memory_stays_as_precise_as_it_was() -> None:
    moment = datetime(2026, 5, 4, 12, 0, 0, 123_456, tzinfo=UTC)

    assert Kept(at=moment).at == moment


def test_the_first_moments_are_milliseconds_too() -> None:
    assert Kept.model_validate({"at": 1000}).at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(ValidationError):
        Kept.model_validate({"at": "soon"})


@pytest.fixture
def _elsewhere() -> Iterator[None]:
    """Have the machine's own clock in Tokyo."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_elsewhere")
def test_a_moment_is_written_in_utc_whatever_zone_it_or_the_machine_is_in() -> None:
    at = datetime(2026, 3, 1, 11, 30, 5, 7, tzinfo=timezone(timedelta(hours=2)))

    assert to_text(at) == "2026-03-01T09:30:05.000007Z"
