"""Durations as operators write them: a whole number and one of s, m, h and d."""

import re
from datetime import timedelta

# Largest first, as format_duration looks for the largest that fits.
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")

# Ten years: far past any use, and near enough that adding one to a date never overflows.
LONGEST = timedelta(days=3650)

# Up to here, the smaller unit says more.
LONG_IN_MINUTES = timedelta(hours=2)
LONG_IN_HOURS = timedelta(days=2)

_SHOULD_BE = "should be a whole number and one of s, m, h or d, such as 0s, 90s, 2h or 3d, and at most 3650d"


def parse_duration(text: str) -> timedelta:
    """Read a duration such as `0s`, `90s`, `2h` or `3d`.

    Raises:
        ValueError: It is none. The error's text says what it should be, and doesn't repeat what was written.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(_SHOULD_BE)
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > LONGEST.total_seconds():
        raise ValueError(_SHOULD_BE)
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that holds it exactly: 86,400 s is `1d`, 90 s stays `90s`.

    Raises:
        ValueError: It is negative, or not a whole number of seconds, so that `parse_duration` could not read it back.
    """
    seconds, rest = divmod(duration, timedelta(seconds=1))
    if seconds < 0 or rest:
        raise ValueError("should be a whole number of seconds, from 0")
    if seconds == 0:
        return "0s"
    unit = next(unit for unit, size in _SECONDS.items() if seconds % size == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def format_span(span: timedelta) -> str:
    """Write for people how long something has gone on, in its largest unit: `40 s`, `12 min`, `5 h`, `9 d`."""
    seconds = round(span.total_seconds())
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds} s"
    if seconds < LONG_IN_MINUTES.total_seconds():
        return f"{seconds // 60} min"
    if seconds < LONG_IN_HOURS.total_seconds():
        return f"{seconds // 3_600} h"
    return f"{seconds // 86_400} d"
