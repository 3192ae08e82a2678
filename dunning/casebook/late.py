"""Since when a case's step is late, how often it was tried and why in vain, as an operator reads it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.casebook.step_rows import StepRow
from dunning.durations import format_span

# A step that has been due for less time, and was never tried in vain, is just being sent.
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Late:
    """A step that is late. `again_at` is its next try; if that is past, no worker runs or a hold is on."""

    step: str
    since: datetime
    tries: int
    why: str | None
    again_at: datetime | None


def late(rows: Sequence[StepRow], since: datetime | None, looked_at: datetime | None, now: datetime) -> Late | None:
    """Return which step of a case is late, if one is.

    Args:
        rows: the case's steps.
        since: since when one of them is late, if it was tried.
        looked_at: when the case is looked at next. If that is in the past, it was due then, and nobody has looked.
        now: the time.
    """
    coming = [row for row in rows if not row.is_done]
    moments = [at for at in (since, looked_at) if at is not None and at <= now]
    if not coming or not moments:
        return None
    # The latest one that was tried or is due is the one that is sent; those before it are overtaken.
    row = next((row for row in reversed(coming) if row.tries or row.due_at is None or row.due_at <= now), coming[0])
    if min(moments) > now - A_MINUTE and not row.tries:
        return None
    return Late(row.step, min(moments), row.tries, row.reason, looked_at)


def in_words(one: Late, now: datetime) -> str:
    """Say for how long the step is late, how often it was tried, why in vain, and when the next try is."""
    tries = {0: "not tried yet", 1: "tried once"}.get(one.tries, f"tried {one.tries} times")
    why = f": {one.why}" if one.why else ""
    again = ""
    if one.again_at is not None:
        again = f", again at {one.again_at:%Y-%m-%d %H:%M:%S} UTC" if one.again_at > now else ", due now"
    return f"late {format_span(now - one.since)}, {tries}{why}{again}"
