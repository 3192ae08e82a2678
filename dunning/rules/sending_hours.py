"""When mail may go out: hours of the day, on the clock of the customer's country."""

import math
import re
from bisect import bisect_left
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dunning.rules.campaign import SendBetween
from dunning.rules.time_zones import zone_of

END_OF_DAY = time.max
"""What `24:00` is read as. A `time` can't be midnight at the end of its day, so the last microsecond stands for it."""

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY = timedelta(days=1)


def parse_time_of_day(text: str) -> time:
    """Read a time of day: `08:00`, up to `24:00`.

    Raises:
        ValueError: It is none. The error's text says what it should be, and doesn't repeat what was written.
    """
    if text == "24:00":
        return END_OF_DAY
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise ValueError("should be HH:MM in quotes, from 00:00 to 24:00")
    return time(int(match[1]), int(match[2]))


def format_time_of_day(at: time) -> str:
    """Write a time of day as `parse_time_of_day` reads it."""
    return "24:00" if at == END_OF_DAY else f"{at:%H:%M}"


def next_opening(between: SendBetween, country_code: str | None, now: datetime) -> datetime:
    """Find the first moment from `now` on that lies within the hours: `now` itself, if it does.

    Where clocks are put forward over the opening, it is the moment they are put forward; hours that are skipped as a
    whole open on the next day. Where clocks are put back, hours that come twice are open twice.
    """
    zone = zone_of(country_code)
    at = now
    while not _is_open(between, at, zone):
        opening = at + _until(between.opens, at.astimezone(zone))
        # No zone changes its clocks twice within a day, so the same offset means that they weren't changed.
        unchanged = at.astimezone(zone).utcoffset() == opening.astimezone(zone).utcoffset()
        at = opening if unchanged else _clock_change(zone, at, opening)
    return at


def _is_open(between: SendBetween, at: datetime, zone: ZoneInfo) -> bool:
    return between.opens <= at.astimezone(zone).time() < between.closes


def _until(opens: time, local: datetime) -> timedelta:
    """Say how long it is until a clock shows `opens`, if nobody puts it forward or back."""
    return (datetime.combine(local, opens) - local.replace(tzinfo=None)) % _DAY


def _clock_change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Find the moment between two others, with different offsets, at which the zone changes its clocks."""

    def is_changed(second: int) -> bool:
        return datetime.fromtimestamp(second, zone).utcoffset() != before.astimezone(zone).utcoffset()

    seconds = range(math.floor(before.timestamp()), math.ceil(after.timestamp()))
    return datetime.fromtimestamp(seconds.start + bisect_left(seconds, x=True, key=is_changed), UTC)
