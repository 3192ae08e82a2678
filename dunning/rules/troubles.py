"""The troubles that somebody is told of without asking, and when each is on: judged from a look at Redis."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from dunning.durations import format_span

# As long as the rules in deploy/alerts.yaml wait, so that both tell of the same.
GONE_AFTER: Final = timedelta(minutes=2)
AWAY_AFTER: Final = timedelta(minutes=1)
LATE_AFTER: Final = timedelta(minutes=10)
UNHANDLED_AFTER: Final = timedelta(minutes=4)
UNTOLD_AFTER: Final = timedelta(hours=1)
IN_VAIN_AFTER: Final = timedelta(minutes=10)
CERTIFICATE_ENDS_WITHIN: Final = timedelta(days=7)
# News is no state that ends. It counts as on for so long after it came last.
NEWS_FOR: Final = timedelta(hours=1)


class Trouble(StrEnum):
    """What asks for somebody. What to do about each stands in docs/alerts.md."""

    REDIS_AWAY = "redis_away"
    REDIS_REFUSES_WRITES = "redis_refuses_writes"
    WORKER_GONE = "worker_gone"
    WEBHOOKS_GONE = "webhooks_gone"
    CLOCK_OFF = "clock_off"
    ON_HOLD = "on_hold"
    MAIL_IN_VAIN = "mail_in_vain"
    PADDLE_IN_VAIN = "paddle_in_vain"
    BREAKER_TRIPPED = "breaker_tripped"
    BACKLOG = "backlog"
    DEAD_EVENTS = "dead_events"
    DEAD_MAILS = "dead_mails"
    OUT_WEBHOOKS_WAIT = "out_webhooks_wait"
    DEAD_OUT_WEBHOOKS = "dead_out_webhooks"
    WEBHOOKS_LOST = "webhooks_lost"
    RECONCILE_FAILS = "reconcile_fails"
    EVENTS_REFUSED = "events_refused"
    DEBTS_WAIT = "debts_wait"
    PADDLE_KEY_NEWS = "paddle_key_news"
    CERTIFICATE_ENDS = "certificate_ends"
    SIGN_INS_REFUSED = "sign_ins_refused"
    CONSOLE_RESTARTS = "console_restarts"


@dataclass(frozen=True, slots=True)
class Seen:
    """A trouble that is on. `about` tells several of one kind apart; `detail` is a sentence with its numbers."""

    trouble: Trouble
    about: str = ""
    detail: str = ""

    @property
    def key(self) -> str:
        """Return what it is known by from one look to the next."""
        return f"{self.trouble}:{self.about}" if self.about else self.trouble


@dataclass(frozen=True, slots=True)
class LastTry:
    """Tries that go on in vain: how many since the last success, and the stable word why the last one failed."""

    tries: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at Redis showed."""

    gauges: Mapping[str, float]
    holds: Mapping[str, str] = field(default_factory=dict)
    """The holds that are on, each with its sentence."""
    in_vain: Mapping[str, LastTry] = field(default_factory=dict)
    """By way: `mail` or `paddle`."""
    news: Mapping[str, int] = field(default_factory=dict)
    """The counters that grew lately, and by how much."""


@dataclass(frozen=True, slots=True)
class News:
    """What the growth of a counter is news of: new `things`, once there are so many within `NEWS_FOR`."""

    trouble: Trouble
    things: str
    least: int = 1


NEWS: Final[Mapping[str, News]] = {
    "reconcile_missed_events": News(Trouble.WEBHOOKS_LOST, "events that Paddle lists and no webhook brought"),
    # A run that fails begins again a minute later.
    "reconcile_failed": News(Trouble.RECONCILE_FAILS, "runs that broke off", least=10),
    "reconcile_refused": News(Trouble.EVENTS_REFUSED, "runs that Paddle refused"),
    "deliveries_dead": News(Trouble.DEAD_MAILS, "mails"),
    "console_restarts": News(Trouble.CONSOLE_RESTARTS, "restarts"),
    # Somebody may well open a link twice.
    "sign_ins_refused": News(Trouble.SIGN_INS_REFUSED, "attempts", least=10),
}
# What Paddle says of an API key is counted under this and its last word, such as `expired`.
KEY_NEWS: Final = "api_key_"


def is_news(counter: str) -> bool:
    """Tell whether somebody is told when this counter grows."""
    return counter in NEWS or counter.startswith(KEY_NEWS)


def find_troubles(looked: Looked) -> list[Seen]:
    """Return what is on."""
    return [*_of_processes(looked.gauges), *_of_sending(looked), *_of_news(looked.news)]


def _of_processes(gauges: Mapping[str, float]) -> Iterator[Seen]:
    for name, trouble in (("worker", Trouble.WORKER_GONE), ("webhooks", Trouble.WEBHOOKS_GONE)):
        silent = _span(gauges, f"{name}_silent_seconds")
        if silent > GONE_AFTER:
            yield Seen(trouble, detail=f"The last sign of life was {format_span(silent)} ago.")
    if gauges.get("clocks_off", 0):
        yield Seen(Trouble.CLOCK_OFF)
    left = _span(gauges, "certificate_seconds_left")
    if "certificate_seconds_left" in gauges and left < CERTIFICATE_ENDS_WITHIN:
        yield Seen(Trouble.CERTIFICATE_ENDS, detail=f"It is valid for {format_span(left)} more." if left else "")


def _of_sending(looked: Looked) -> Iterator[Seen]:
    gauges = looked.gauges
    for hold, sentence in sorted(looked.holds.items()):
        yield Seen(Trouble.ON_HOLD, hold, sentence)
    for way, trouble in (("mail", Trouble.MAIL_IN_VAIN), ("paddle", Trouble.PADDLE_IN_VAIN)):
        in_vain = _span(gauges, f"{way}_in_vain_seconds")
        if in_vain > IN_VAIN_AFTER:
            yield Seen(trouble, detail=_tries(in_vain, looked.in_vain.get(way)))
    if gauges.get("breaker_tripped", 0):
        yield Seen(Trouble.BREAKER_TRIPPED)
    if late := _backlog(gauges):
        yield Seen(Trouble.BACKLOG, detail=late)
    if dead := int(gauges.get("dead_events", 0)):
        yield Seen(Trouble.DEAD_EVENTS, detail=f"There are {dead}." if dead > 1 else "There is one.")
    untold = _span(gauges, "oldest_out_webhook_seconds")
    if untold > UNTOLD_AFTER:
        yield Seen(Trouble.OUT_WEBHOOKS_WAIT, detail=f"The oldest has waited for {format_span(untold)}.")
    if dead := int(gauges.get("dead_out_webhooks", 0)):
        yield Seen(Trouble.DEAD_OUT_WEBHOOKS, detail=f"There are {dead}." if dead > 1 else "There is one.")
    if waiting := int(gauges.get("reconcile_waiting", 0)):
        yield Seen(Trouble.DEBTS_WAIT, detail=f"There are {waiting}." if waiting > 1 else "There is one.")


def _tries(in_vain: timedelta, last: LastTry | None) -> str:
    if last is None:
        return f"This has gone on for {format_span(in_vain)}."
    return f"This has gone on for {format_span(in_vain)}, over {last.tries} tries. The last one: {last.why}."


def _backlog(gauges: Mapping[str, float]) -> str:
    """Say what waits for too long, counted from when it was planned. Paused mail waits on purpose."""
    late = _span(gauges, "oldest_due_seconds")
    if late > LATE_AFTER and not gauges.get("paused", 0):
        return f"The most delayed mail is {format_span(late)} late."
    unhandled = _span(gauges, "oldest_unhandled_event_seconds")
    if unhandled > UNHANDLED_AFTER:
        return f"The oldest event has waited for {format_span(unhandled)}."
    queued = _span(gauges, "oldest_queued_job_seconds")
    return f"The oldest job has waited for {format_span(queued)}." if queued > LATE_AFTER else ""


def _of_news(news: Mapping[str, int]) -> Iterator[Seen]:
    for counter, more in sorted(news.items()):
        if counter in NEWS:
            if more >= NEWS[counter].least:
                yield Seen(NEWS[counter].trouble, detail=f"New {NEWS[counter].things}: {more}.")
        elif counter.startswith(KEY_NEWS):
            yield Seen(Trouble.PADDLE_KEY_NEWS, counter.removeprefix(KEY_NEWS))


def _span(gauges: Mapping[str, float], name: str) -> timedelta:
    return timedelta(seconds=gauges.get(name, 0))
