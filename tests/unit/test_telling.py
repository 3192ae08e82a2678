from datetime import datetime, timedelta

import pytest

from dunning.rules.telling import NEVER_OVER, STAYS_AFTER, News, Told, What, decide, decide_untold
from dunning.rules.troubles import Seen, Trouble

HOLD = Seen(Trouble.ON_HOLD, "mail_login", "It is refused.")
MINUTE = timedelta(minutes=1)


class Listener:
    """Somebody who is told what `decide` says, look after look."""

    def __init__(self, now: datetime) -> None:
        self.began = self.now = now
        self.told: dict[str, Told] = {}

    def look(self, *seen: Seen, after: timedelta = MINUTE) -> list[News]:
        self.now += after
        news, self.told = decide(seen, self.told, self.now)
        return news

    def hears(self, *seen: Seen, after: timedelta = MINUTE) -> list[What]:
        return [one.what for one in self.look(*seen, after=after)]


@pytest.fixture
def listener(now: datetime) -> Listener:
    return Listener(now)


def test_a_trouble_is_told_at_once_and_then_not_again(listener: Listener) -> None:
    assert listener.look(HOLD) == [News(What.ON, HOLD, listener.now)]
    assert listener.look(HOLD) == []


def test_it_is_told_again_each_day_with_when_it_began(listener: Listener) -> None:
    listener.look(HOLD)
    began = listener.now

    assert listener.hears(HOLD, after=timedelta(hours=23)) == []
    assert listener.look(HOLD, after=timedelta(hours=1)) == [News(What.STILL_ON, HOLD, began)]
    assert listener.hears(HOLD) == []
    assert listener.look(HOLD, after=timedelta(days=1)) == [News(What.STILL_ON, HOLD, began)]


def test_its_end_is_told_once_with_when_it_began(listener: Listener) -> None:
    listener.look(HOLD)
    began = listener.now

    assert listener.look() == [News(What.OVER, Seen(Trouble.ON_HOLD, "mail_login"), began)]
    assert listener.look() == []


def test_what_comes_and_goes_is_told_once_an_hour(listener: Listener) -> None:
    heard = [listener.hears(*([HOLD] if minute % 2 == 0 else [])) for minute in range(122)]

    assert [what for some in heard for what in some] == [What.ON, What.OVER] * 3


def test_what_comes_back_within_the_hour_and_stays_is_told_with_when_it_came_back(listener: Listener) -> None:
    listener.look(HOLD)
    listener.look()
    assert listener.hears(HOLD) == []
    came_back = listener.now
    assert listener.hears(HOLD, after=STAYS_AFTER - MINUTE) == []

    assert listener.look(HOLD) == [News(What.ON, HOLD, came_back)]
    assert listener.look(HOLD) == []


def test_what_came_back_and_went_without_being_told_has_no_end_to_tell(listener: Listener) -> None:
    listener.look(HOLD)
    listener.look()
    listener.look(HOLD)

    assert listener.hears() == []


def test_what_is_long_over_is_forgotten(listener: Listener) -> None:
    listener.look(HOLD)
    listener.look()
    listener.look(after=timedelta(hours=2))

    assert listener.told == {}


@pytest.mark.parametrize("trouble", sorted(NEVER_OVER))
def test_news_has_no_end(listener: Listener, trouble: Trouble) -> None:
    assert listener.hears(Seen(trouble)) == [What.ON]
    assert listener.hears() == []


def test_each_trouble_is_told_for_itself(listener: Listener) -> None:
    listener.look(HOLD)

    assert [one.seen.trouble for one in listener.look(HOLD, Seen(Trouble.CLOCK_OFF))] == [Trouble.CLOCK_OFF]


def test_what_reached_nobody_is_told_later_with_when_it_began(listener: Listener) -> None:
    _, remember = decide([HOLD], {}, listener.now)
    listener.told = decide_untold({}, remember)

    assert listener.look(HOLD) == [News(What.ON, HOLD, listener.began)]


def test_an_end_that_reached_nobody_is_told_later(listener: Listener) -> None:
    listener.look(HOLD)
    before = listener.told
    listener.look()
    listener.told = decide_untold(before, listener.told)

    assert listener.hears() == [What.OVER]


def test_that_it_is_still_on_is_told_later_where_it_reached_nobody(listener: Listener) -> None:
    listener.look(HOLD)
    before, began = listener.told, listener.now
    listener.look(HOLD, after=timedelta(days=1))
    listener.told = decide_untold(before, listener.told)

    assert listener.look(HOLD) == [News(What.STILL_ON, HOLD, began)]


def test_what_reached_nobody_and_is_over_is_not_told(listener: Listener) -> None:
    listener.told = decide_untold({}, {HOLD.key: Told(listener.now, listener.now, said=True)})

    assert listener.hears() == []
