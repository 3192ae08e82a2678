"""The breaker: how many new cases an hour are too many to be true. Pure: counts, the setting, and now.

A burst of failures far above the usual means that Paddle, a bank or we are broken: then nobody is to be mailed before
an operator has looked.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from dunning.instants import EPOCH

Breaker: TypeAlias = Literal["auto", "off"] | int
"""New cases an hour past which sending holds: a number, or one found by itself, or none."""

HOUR = timedelta(hours=1)
# As long as a case may be open: every seller's busiest day of the month is in it.
REMEMBERED = timedelta(days=35)
# What has been watched for less than a day says nothing of the hour in which most renewals fall due.
HISTORY = timedelta(days=1)
TIMES_THE_BUSIEST = 3
AT_LEAST = 50
WITHOUT_HISTORY = 1_000


def hour_of(moment: datetime) -> int:
    """Return the clock hour as its number since 1970, under which new cases are counted."""
    return (moment - EPOCH) // HOUR


def oldest_remembered(now: datetime) -> int:
    """Return the oldest hour whose count still says something of today."""
    return hour_of(now) - REMEMBERED // HOUR


def without_alarms(opened: Mapping[int, int], alarms: Iterable[tuple[datetime, datetime]]) -> dict[int, int]:
    """Return new cases by `hour_of`, none in the hours of an alarm: what was too many to be true is not usual.

    Those hours stay, as ones that were watched.

    Args:
        opened: new cases by `hour_of`.
        alarms: from when the breaker tripped until its pause was taken off.
    """
    of_alarms = {
        hour for tripped, ended in alarms for hour in range(hour_of(tripped), hour_of(max(tripped, ended)) + 1)
    }
    return {hour: 0 if hour in of_alarms else count for hour, count in opened.items()}


def threshold(opened: Mapping[int, int], setting: Breaker, now: datetime) -> int | None:
    """Return how many new cases this clock hour may have; None for any number.

    Args:
        opened: new cases by `hour_of`, `without_alarms`.
        setting: what `DUNNING_BREAKER` says.
        now: the hour in which it is, is the one that is judged, and so no part of its own measure.
    """
    if setting == "off":
        return None
    if setting != "auto":
        return setting
    this_hour = hour_of(now)
    oldest = oldest_remembered(now)
    history = {hour: count for hour, count in opened.items() if oldest <= hour < this_hour}
    if this_hour - min(history, default=this_hour) < HISTORY // HOUR:
        return WITHOUT_HISTORY
    return max(AT_LEAST, TIMES_THE_BUSIEST * max(history.values()))
