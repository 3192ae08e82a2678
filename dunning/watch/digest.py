"""The weekly digest: what was done in a week, and that alerts still arrive. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from dunning.rules.troubles import Seen
from dunning.watch.words import Message, title_of

# Mondays, 08:00 UTC.
WEEKDAY, HOUR = 0, 8
# One that was just begun is not a week's.
SHORTEST: Final = timedelta(days=1)
# The counters that are told, and as what.
WEEKS_WORK: Final[Mapping[str, str]] = {
    "cases_opened": "renewals failed",
    "cases_recovered": "recovered",
    "cases_stopped": "stopped",
    "cases_exhausted": "lapsed",
    "deliveries_sent": "mails sent",
    "deliveries_skipped": "skipped",
    "skipped_held_out": "of these held out, to measure what mails bring",
    "deliveries_refused": "refused by the mail server",
    "deliveries_dead": "not possible",
    "reconcile_missed_events": "events that no webhook brought",
}


def is_due(last: datetime, now: datetime) -> bool:
    """Tell whether a Monday morning has come since the last digest."""
    morning = now.replace(hour=HOUR, minute=0, second=0, microsecond=0) - timedelta(days=(now.weekday() - WEEKDAY) % 7)
    if morning > now:
        morning -= timedelta(days=7)
    return last < morning and now - last >= SHORTEST


def greeting(place: str, on: Iterable[Seen]) -> Message:
    """Return the first message of all, which shows that alerts arrive, and says what is on already."""
    return Message(
        f"Dunning at {place}: alerts arrive here",
        "Dunning tells here what needs somebody, when it is over, and each Monday what it did. If Mondays get quiet, "
        f"look whether it still runs.\n\n{_now(on)}",
        bad=False,
    )


def digest(
    before: Mapping[str, int],
    counters: Mapping[str, int],
    since: datetime,
    on: Iterable[Seen],
    place: str,
    *,
    lift: Iterable[str] = (),
) -> Message:
    """Return what was done since.

    Args:
        before: the counters then.
        counters: the counters now.
        since: when the last digest was.
        on: the troubles that are on.
        place: the host of `DUNNING_PUBLIC_URL`.
        lift: what mails bring, in lines, if anything was held out.
    """
    lines = [f"{max(0, counters.get(name, 0) - before.get(name, 0))} {words}" for name, words in WEEKS_WORK.items()]
    return Message(
        f"Dunning at {place}: the week",
        "\n".join([f"Since {since:%Y-%m-%d %H:%M} UTC:", *lines, "", *lift, _now(on)]),
        bad=False,
    )


def _now(on: Iterable[Seen]) -> str:
    return "Now: " + ("; ".join(title_of(seen) for seen in on) or "all is well.")
