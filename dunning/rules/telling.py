"""When a trouble is told: at once, again once a day while it is on, and once it is over.

What comes and goes is told hourly, unless it stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from dunning.rules.troubles import Seen, Trouble

AGAIN_AFTER: Final = timedelta(days=1)
# What comes and goes is told once in this time.
QUIET_FOR: Final = timedelta(hours=1)
# What has been on for so long does not just come and go.
STAYS_AFTER: Final = timedelta(minutes=10)
# These say that something happened. Nothing is mended when nothing more happens.
NEVER_OVER: Final = frozenset({Trouble.DEAD_MAILS, Trouble.PADDLE_KEY_NEWS})


@dataclass(frozen=True, slots=True)
class Told:
    """What is remembered of a trouble from one look to the next."""

    since: datetime | None = None
    """Since when it is on; None while it isn't."""
    told_at: datetime | None = None
    """When somebody was last told that it is on."""
    said: bool = False
    """Whether that was about the time that it is on now."""


class What(StrEnum):
    """What is told of a trouble."""

    ON = "on"
    STILL_ON = "still_on"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell: of which trouble, and since when it is or was on."""

    what: What
    seen: Seen
    since: datetime


def decide(seen: Iterable[Seen], told: Mapping[str, Told], now: datetime) -> tuple[list[News], dict[str, Told]]:
    """Return what there is to tell, and what to remember once it was told.

    Args:
        seen: what is on.
        told: what was remembered, by the troubles' keys.
        now: the time.
    """
    on = {one.key: one for one in seen}
    news, remember = [], {}
    for key in [*on, *(key for key in told if key not in on)]:
        before = told.get(key, Told())
        what, after = _judge(on.get(key), before, now)
        one = on.get(key) or _seen_of(key)
        if what is not None and not (what is What.OVER and one.trouble in NEVER_OVER):
            news.append(News(what, one, before.since or now))
        if after is not None:
            remember[key] = after
    return news, remember


def decide_untold(told: Mapping[str, Told], remember: Mapping[str, Told]) -> dict[str, Told]:
    """Return what to remember where telling has failed: since when each is on, and that nobody knows of it yet."""
    return dict(told) | {
        key: replace(told.get(key, Told()), since=after.since)
        for key, after in remember.items()
        if after.since is not None
    }


def _judge(seen: Seen | None, before: Told, now: datetime) -> tuple[What | None, Told | None]:
    """Return what is told of one trouble, and what is remembered of it, if anything."""
    quiet = before.told_at is not None and now - before.told_at < QUIET_FOR
    if seen is None:
        after = Told(told_at=before.told_at) if quiet else None
        is_told = before.said and before.since is not None
        return (What.OVER if is_told else None), after
    since = before.since or now
    if not before.said:
        passing = quiet and now - since < STAYS_AFTER
        return (None, replace(before, since=since)) if passing else (What.ON, Told(since, now, said=True))
    if before.told_at is not None and now - before.told_at >= AGAIN_AFTER:
        return What.STILL_ON, Told(since, now, said=True)
    return None, before


def _seen_of(key: str) -> Seen:
    trouble, _, about = key.partition(":")
    return Seen(Trouble(trouble), about)
