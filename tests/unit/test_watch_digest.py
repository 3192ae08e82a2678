from datetime import UTC, datetime, timedelta

import pytest

from dunning.rules.troubles import Seen, Trouble
from dunning.watch.digest import WEEKS_WORK, digest, greeting, is_due
from dunning.watch.words import title_of

MONDAY = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (MONDAY - 3 * DAY, MONDAY, True),
        (MONDAY - 3 * DAY, MONDAY - HOUR, False),
        (MONDAY - 3 * DAY, MONDAY + 4 * DAY, True),  # nothing ran on Monday
        (MONDAY, MONDAY + 6 * DAY, False),
        (MONDAY, MONDAY + 7 * DAY, True),
        (MONDAY - HOUR, MONDAY, False),  # alerts were set up this very morning
        (MONDAY - 9 * DAY, MONDAY - HOUR, True),
        (MONDAY - 7 * DAY - HOUR, MONDAY - HOUR, True),
        (MONDAY - DAY, MONDAY, True),
        # It came a little after eight, and it is later than that past an hour now.
        (MONDAY + timedelta(microseconds=5), MONDAY + timedelta(days=2, minutes=45, seconds=59, microseconds=9), False),
    ],
)
def test_a_digest_is_due_on_mondays_at_eight(last: datetime, now: datetime, *, due: bool) -> None:
    assert is_due(last, now) is due


def test_it_says_what_the_week_brought_and_what_is_on(now: datetime) -> None:
    said = digest(
        {"cases_opened": 10}, {"cases_opened": 14, "deliveries_sent": 3}, now - 7 * DAY, [Seen(Trouble.BACKLOG)], "here"
    )

    assert said.title == "Dunning at here: the week"
    assert {"4 renewals failed", "3 mails sent", "0 recovered", "Now: Work is late"} <= set(said.body.splitlines())


def test_it_is_a_line_for_each_count_and_all_that_is_on_in_one_line_at_its_end(now: datetime) -> None:
    lines = digest({}, {}, now, [Seen(Trouble.BACKLOG), Seen(Trouble.CLOCK_OFF)], "here").body.splitlines()

    assert lines[0] == "Since 2026-05-04 12:00 UTC:"
    assert lines[1:-2] == [f"0 {words}" for words in WEEKS_WORK.values()]
    assert lines[-2:] == ["", f"Now: Work is late; {title_of(Seen(Trouble.CLOCK_OFF))}"]


def test_neither_the_week_nor_the_first_message_is_bad_news(now: datetime) -> None:
    assert digest({}, {}, now, [Seen(Trouble.BACKLOG)], "here").bad is False
    assert greeting("here", [Seen(Trouble.BACKLOG)]).bad is False


def test_all_is_well_where_nothing_is_on(now: datetime) -> None:
    assert "Now: all is well." in digest({}, {}, now, [], "here").body


def test_counters_of_a_store_that_was_lost_do_not_go_below_nothing(now: datetime) -> None:
    assert "0 renewals failed" in digest({"cases_opened": 10}, {"cases_opened": 2}, now, [], "here").body


def test_the_first_message_shows_that_alerts_arrive() -> None:
    assert "alerts arrive here" in greeting("here", []).title


def test_the_first_message_says_what_is_on_already() -> None:
    assert greeting("here", [Seen(Trouble.BACKLOG)]).body.endswith("Now: Work is late")


def test_what_mails_bring_stands_before_what_is_on(now: datetime) -> None:
    body = digest({}, {}, now, [], "here", lift=["Mails bring nothing."]).body

    assert body.endswith("Mails bring nothing.\nNow: all is well.")
