"""Every metric there is, in one table: what Prometheus is told of it, and what docs/reference.md says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "dunning_"
SIGN_INS_REFUSED: Final = "sign_ins_refused"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. `name` is without prefix, and without the `_total` that Prometheus' client puts behind a counter."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    is_counter: bool = True

    @property
    def shown(self) -> str:
        """Return the name under which it is read."""
        return f"{PREFIX}{self.name}{'_total' if self.is_counter else ''}"


def _gauge(name: str, says: str) -> Metric:
    return Metric(name, says, is_counter=False)


REQUESTS = Metric("http_requests", "Answers, by route and status.", ("route", "status"))
TURNED_AWAY = Metric(
    "http_turned_away",
    "Connections closed and bodies refused, to keep room for others: `slow_head`, `slow_request`, `large_head`, "
    "`crowded` (an idle connection was closed for a new one), `full` (a new connection was closed, since all others "
    "were in use), `bodies`.",
    ("why",),
)
CONNECTIONS = _gauge("http_connections", "Connections that are open now.")
NOTIFICATIONS = Metric(
    "notifications",
    "Notifications of Paddle, by what became of them: `accepted`, `duplicate`, `requeued`, `not_kept`, `unused`, "
    "`simulated`, `api_key`, `malformed`, `bad_signature`, `not_an_event`, `redis_away`.",
    ("event_type", "outcome"),
)
SIGNATURES = Metric(
    "webhook_signatures",
    "Good signatures of notifications, by the position of the secret in `DUNNING_WEBHOOK_SECRETS`: `1` is the first.",
    ("secret",),
)
CLICKS = Metric(
    "clicks",
    "Clicks on payment links: `led_to_paddle`, `case_ended`, `already_paid` and `already_over` (Paddle said so when it "
    "was asked at the click), `too_many`, and the reasons why a click led to the login page or to a page that offers "
    "it: `no_grant`, `paddle_unreachable`, `paddle_refused`, `paddle_key`, `paddle_permission`, `unsafe_link`, "
    "`other_customer` (Paddle names another customer for the debt), `redis_away`.",
    ("outcome",),
)
MAIL_EVENTS = Metric(
    "mail_events",
    "Bounces and complaints that providers told of: `bounce`, `complaint`, `ignored`, `refused`, `malformed`, "
    "`redis_away`.",
    ("provider", "outcome"),
)
OF_ONE_PROCESS: Final = (
    REQUESTS,
    TURNED_AWAY,
    CONNECTIONS,
    NOTIFICATIONS,
    SIGNATURES,
    CLICKS,
    MAIL_EVENTS,
)

REDIS_UP = _gauge("redis_up", "1 while Redis answers this process.")
REDIS_WRITABLE = _gauge(
    "redis_writable",
    "1 while Redis accepts what a notification writes; 0 when it is away, full, a replica or refuses a command.",
)
GAUGES: Final = (
    REDIS_UP,
    REDIS_WRITABLE,
    _gauge(
        "oldest_due_seconds",
        "How late the most delayed step is, counted from the time for which it was planned, however often it was tried "
        "since. The best single sign of health.",
    ),
    _gauge(
        "mail_in_vain_seconds",
        "For how long all tries of all workers at the mail server have failed; 0 while tries succeed, and when nothing "
        "was tried for 25 minutes.",
    ),
    _gauge(
        "paddle_in_vain_seconds",
        "For how long Paddle did not tell any worker what is owed; 0 while it does, and when nothing was tried for 25 "
        "minutes.",
    ),
    _gauge(
        "oldest_unhandled_event_seconds",
        "For how long the oldest event in the inbox has waited since it was last queued; never more than some 20 while "
        "a worker runs.",
    ),
    _gauge("oldest_queued_job_seconds", "For how long the oldest job in the queue has waited."),
    _gauge("worker_silent_seconds", "For how long no `worker` has shown that it lives; each does every 10 s."),
    _gauge("webhooks_silent_seconds", "For how long no `webhooks` has shown that it lives; each does every 10 s."),
    _gauge(
        "clocks_off",
        "Processes whose machine's clock differs from Redis' clock by more than 5 s. Such a worker sends nothing.",
    ),
    _gauge(
        "certificate_seconds_left",
        "How long the certificate of `DUNNING_PUBLIC_URL` is still valid, as a process saw it within the last hour. "
        "Absent where it can't be seen from here.",
    ),
    _gauge("open_cases", "Cases in the due index: those that are still to be looked at."),
    _gauge("unhandled_events", "Events in the inbox."),
    _gauge("queued_jobs", "Jobs queued or running."),
    _gauge("dead_events", "Events of the last 90 days that could not be handled."),
    _gauge("waiting_out_webhooks", "Out-webhooks that a destination has not got yet."),
    _gauge("oldest_out_webhook_seconds", "For how long the oldest of them has waited."),
    _gauge("dead_out_webhooks", "Out-webhooks of the last 30 days that were given up."),
    _gauge("holds", "Holds that are on."),
    _gauge("reconcile_waiting", "Debts that get no case until somebody runs `dunning reconcile --apply`."),
    _gauge("paused", "1 while all mail is paused, by an operator or by the breaker."),
    _gauge("paused_campaigns", "Campaigns that are paused by name."),
    _gauge("breaker_tripped", "1 while the breaker pauses all mail."),
    _gauge("api_grants", "API calls that count against the limit now."),
    _gauge("suppressed", "Addresses that must not be mailed."),
)

COUNTERS: Final = (
    Metric("cases_opened", "Cases opened."),
    Metric("cases_recovered", "Cases ended since the debt was paid."),
    Metric("cases_exhausted", "Cases ended since 35 days have passed."),
    Metric("cases_stopped", "Cases ended since the debt ended otherwise, or somebody ended them."),
    Metric(
        "stopped_debt_canceled",
        "And its like: cases stopped, one metric for each reason. The reason that arrived first counts. When a "
        "subscription is canceled, Paddle mostly tells of the canceled debt first, so the case counts as that.",
    ),
    Metric("deliveries_sent", "Mails that the mail server took."),
    Metric("deliveries_refused", "Mails that the mail server will never take."),
    Metric("deliveries_skipped", "Mails that were due and deliberately not sent."),
    Metric("deliveries_dead", "Mails that were due and could not be sent."),
    Metric("deliveries_unknown", "Mails that may have arrived."),
    Metric("deliveries_repeated", "Mails sent that may have arrived twice."),
    Metric("skipped_overtaken", "And its like: skips, one metric for each reason."),
    Metric(
        "tries_in_vain_paddle_failed",
        "And its like: tries in vain, one metric for each cause: what a mail server answered, such as `smtp_rcpt_451`; "
        "`paddle_failed`, where Paddle did not say what is owed; `not_ready`, where Paddle made no link for a mail.",
    ),
    Metric("out_webhooks_delivered", "Out-webhooks that a destination took."),
    Metric("out_webhooks_failed", "Tries of out-webhooks that a destination did not take."),
    Metric("paddle_reads", "Batches of due cases for which Paddle said what is owed."),
    Metric(
        "reconcile_missed_events",
        "Events that no webhook brought, and that a worker read from Paddle's list. If it is above 0, see *Paddle > "
        "Developer tools > Notifications* for the reason.",
    ),
    Metric(
        "reconcile_failed", "Runs that broke off, for example because Paddle is away. Each is begun again in a minute."
    ),
    Metric("console_restarts", "How often `dunning up` started its `console` again, since it had ended by itself."),
    Metric(SIGN_INS_REFUSED, "Attempts to sign in to the screen by a link that is none, was used, or came too often."),
    Metric("reconcile_refused", "Runs over events that Paddle refused, since the API key lacks `notification.read`."),
    Metric(
        "api_key_expired",
        "And its like: what Paddle told of your API keys, one metric for each word: `created`, `expiring`, `expired`, "
        "`revoked`, `updated`, `exposed`, `rotation_created`, `rotation_updated`, `changed`.",
    ),
    Metric(
        "alerts_not_delivered",
        "Messages, and pings, that a URL of `DUNNING_ALERT_URLS` did not take. Of several URLs each counts.",
    ),
    Metric("reconcile_opened", "Cases opened because of Paddle's list of debts, without any event."),
    Metric("reconcile_closed", "Cases closed because of Paddle's list of debts, without any event."),
)

# A counter of a reason is told as the one of its kind that stands in the table.
ALIKE: Final = ("stopped_", "skipped_", "tries_in_vain_", "api_key_")
_HELP: Final[Mapping[str, str]] = {metric.name: metric.help for metric in (*GAUGES, *COUNTERS)}


def help_of(name: str) -> str:
    """Return what a gauge or counter of Redis says, by its name there."""
    if name in _HELP:
        return _HELP[name]
    for start in ALIKE:
        if name.startswith(start):
            return next(says for known, says in _HELP.items() if known.startswith(start))
    return "Counted by an older or newer version."
