import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dunning.rules.telling import NEVER_OVER, News, What
from dunning.rules.troubles import Seen, Trouble
from dunning.watch.words import MORE, SAYINGS, message

ALERTS = Path(__file__).parents[2] / "docs" / "alerts.md"
HOUR = timedelta(hours=1)


def test_every_trouble_has_words_and_an_end_unless_it_has_none() -> None:
    assert SAYINGS.keys() == set(Trouble)
    assert {trouble for trouble, saying in SAYINGS.items() if not saying.over} == NEVER_OVER


def test_every_trouble_is_in_the_table_of_alerts() -> None:
    table = ALERTS.read_text(encoding="utf-8").partition("\n| Alert |")[2]

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(Trouble)


def test_a_message_says_what_since_when_why_what_it_means_and_where_to_read_on(now: datetime) -> None:
    news = [News(What.ON, Seen(Trouble.ON_HOLD, "mail_login", "The server refuses our login."), now - HOUR)]

    said = message(news, "billing.example.com", now)

    assert said.title == "Dunning at billing.example.com: Mail is on hold (mail_login)"
    assert said.bad
    assert said.body.splitlines() == [
        "Mail is on hold (mail_login) (since 2026-05-04 11:00 UTC)",
        "The server refuses our login.",
        SAYINGS[Trouble.ON_HOLD].means,
        "",
        MORE,
    ]


def test_several_are_one_message_and_what_is_bad_is_its_title(now: datetime) -> None:
    over = News(What.OVER, Seen(Trouble.CLOCK_OFF), now - HOUR)
    still = News(What.STILL_ON, Seen(Trouble.BACKLOG), now - HOUR)

    said = message([over, still], "here", now)

    assert said.title == "Dunning at here: Work is late, and 1 more"
    assert "Still: Work is late (since 2026-05-04 11:00 UTC)" in said.body
    assert "Over: A machine's clock is wrong (from 2026-05-04 11:00 UTC to 2026-05-04 12:00 UTC)" in said.body


def test_an_end_alone_is_good_news(now: datetime) -> None:
    said = message([News(What.OVER, Seen(Trouble.CLOCK_OFF), now - HOUR)], "here", now)

    assert said.title == "Dunning at here: Over: A machine's clock is wrong"
    assert not said.bad
    assert MORE not in said.body


@pytest.mark.parametrize("entity", ["txn", "ctm", "sub"])
def test_no_message_names_whom_it_is_about(now: datetime, entity: str) -> None:
    detail = f"{entity}_{'0' * 25}1 lacks a template."

    said = message([News(What.ON, Seen(Trouble.ON_HOLD, "template_missing", detail), now)], "here", now)

    assert "[id] lacks a template." in said.body
    assert entity + "_" not in said.body
