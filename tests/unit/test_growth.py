from datetime import datetime, timedelta

from dunning.rules.growth import news_of, note_growth

MISSED = "reconcile_missed_events"


def test_what_was_counted_before_the_first_look_is_no_news(now: datetime) -> None:
    growth = note_growth({MISSED: 7, "cases_opened": 9}, None, now)

    assert growth.keys() == {MISSED}
    assert news_of(growth, now) == {}


def test_a_counter_that_grew_is_news_for_an_hour(now: datetime) -> None:
    growth = note_growth({MISSED: 9}, note_growth({MISSED: 7}, None, now), now)

    assert news_of(growth, now + timedelta(minutes=59)) == {MISSED: 2}
    assert news_of(growth, now + timedelta(hours=1)) == {}


def test_a_counter_that_appears_is_news(now: datetime) -> None:
    assert news_of(note_growth({MISSED: 1}, {}, now), now) == {MISSED: 1}


def test_what_grows_again_within_the_hour_is_added_up(now: datetime) -> None:
    growth = note_growth({MISSED: 1}, {}, now)
    later = now + timedelta(minutes=50)
    growth = note_growth({MISSED: 4}, growth, later)

    assert news_of(growth, later) == {MISSED: 4}


def test_what_grows_again_after_the_hour_begins_anew(now: datetime) -> None:
    growth = note_growth({MISSED: 1}, {}, now)
    later = now + timedelta(hours=2)

    assert news_of(note_growth({MISSED: 4}, growth, later), later) == {MISSED: 3}
