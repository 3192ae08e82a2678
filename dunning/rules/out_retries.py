"""When an out-webhook that a destination did not take is sent again, and when it is given up. Pure.

It follows the delivery section of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

# The first wait is after the first try. The last try is 27 h and 35 min after the first, or up to a tenth later.
WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
JITTER: Final = 0.1
# A destination that is under load is left alone for so long, unless it says for how long.
LOADED_REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(days=1)
LOADED: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
TIMED_OUT: Final = "timed_out"
UNREACHABLE: Final = "unreachable"


class Then(StrEnum):
    """What is to be done after a try."""

    NOTHING = "nothing"
    """The destination has got it."""
    AGAIN = "again"
    GIVE_UP = "give_up"
    GONE = "gone"
    """The destination wants no more, neither this nor any other."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a try came to."""

    then: Then
    why: str = ""
    """Why it failed, in a stable word."""
    again_in: timedelta = timedelta(0)
    rest: timedelta | None = None
    """For how long the destination is to be left alone."""


def judge(status: int, retry_after: str | None, *, tries: int, chance: float, now: datetime) -> Judged:
    """Say what an answer means.

    Args:
        status: of the answer. A redirect is not followed, and so is a failure.
        retry_after: its `Retry-After`, if it has one: seconds, or a date.
        tries: how many tries have failed before.
        chance: for the jitter, from 0 to 1.
        now: the time.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Judged(Then.NOTHING)
    why = f"http_{status}"
    if status == HTTPStatus.GONE:
        return Judged(Then.GONE, why)
    rest = _asked_for(retry_after, now)
    if rest is None and status in LOADED:
        rest = LOADED_REST
    return failed(why, tries=tries, chance=chance, rest=rest)


def failed(why: str, *, tries: int, chance: float, rest: timedelta | None = None) -> Judged:
    """Say what is done after a failure, `tries` of which came before, where no answer says more."""
    if tries >= len(WAITS):
        return Judged(Then.GIVE_UP, why, rest=rest)
    wait = WAITS[tries] * (1 + JITTER * chance)
    return Judged(Then.AGAIN, why, max(wait, rest or wait), rest)


def _asked_for(retry_after: str | None, now: datetime) -> timedelta | None:
    """Read `Retry-After`. What can't be read says nothing."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        span = timedelta(seconds=min(int(text[:9]), LONGEST_REST.total_seconds()))
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        span = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(span, timedelta(0)), LONGEST_REST) or None
