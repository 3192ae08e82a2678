"""What Prometheus is told: what this process counted, and what all processes counted in Redis."""

import re
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dunning.paddle import event_types
from dunning.reasons import ClickOutcome, HoldWord
from dunning.store import Snapshot


class Metrics:
    """The counters of this process, one registry for each application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "dunning_http_requests", "Requests answered.", ["route", "status"], registry=self._registry
        )
        self._connections = Gauge("dunning_http_connections", "Connections that are open.", registry=self._registry)
        self._turned_away = Counter(
            "dunning_http_turned_away",
            "Connections closed and bodies refused for want of room or patience, by why.",
            ["why"],
            registry=self._registry,
        )
        self._notifications = Counter(
            "dunning_notifications",
            "Notifications of Paddle, by event type and by what became of them.",
            ["event_type", "outcome"],
            registry=self._registry,
        )
        self._signatures = Counter(
            "dunning_webhook_signatures",
            "Good signatures of notifications, by the place of the secret in DUNNING_WEBHOOK_SECRETS.",
            ["secret"],
            registry=self._registry,
        )
        self._clicks = Counter(
            "dunning_clicks", "Clicks on payment links, by where they led.", ["outcome"], registry=self._registry
        )
        self._mail_events = Counter(
            "dunning_mail_events",
            "What mail providers told us, by what became of it.",
            ["provider", "outcome"],
            registry=self._registry,
        )

    def count_request(self, route: str, status: int) -> None:
        """Count an answer under its route's template."""
        self._requests.labels(route, str(status)).inc()

    def watch_connections(self, count: Callable[[], int]) -> None:
        """Ask for the number of open connections whenever the metrics are read."""
        self._connections.set_function(count)

    def count_turned_away(self, why: str) -> None:
        """Count a connection that was closed, or a body that was refused, to keep room for others."""
        self._turned_away.labels(why).inc()

    def count_notification(self, event_type: str, outcome: str) -> None:
        """Count a notification. Types that we don't know count as `other`."""
        self._notifications.labels(event_types.label(event_type), outcome).inc()

    def count_signature(self, secret: int) -> None:
        """Count a good signature under its secret's place, the first being 1."""
        self._signatures.labels(str(secret + 1)).inc()

    def count_click(self, outcome: ClickOutcome | HoldWord) -> None:
        """Count a click."""
        self._clicks.labels(outcome).inc()

    def count_mail_event(self, provider: str, outcome: str) -> None:
        """Count a bounce, a complaint, or what else a provider said."""
        self._mail_events.labels(provider, outcome).inc()

    def exposition(self, snapshot: Snapshot | None, *, writable: bool) -> bytes:
        """Write all that is known in Prometheus' text format.

        Args:
            snapshot: what Redis has; None where it did not answer.
            writable: whether Redis takes what accepting an event writes.
        """
        redis = CollectorRegistry()
        redis.register(_Redis(snapshot, writable=writable))
        return generate_latest(self._registry) + generate_latest(redis)


class _Redis(Collector):
    """A snapshot of Redis, as metrics."""

    def __init__(self, snapshot: Snapshot | None, *, writable: bool) -> None:
        self._snapshot = snapshot
        self._writable = writable

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("dunning_redis_up", "Whether Redis answers.", value=float(self._snapshot is not None))
        takes = "Whether Redis takes what accepting a webhook writes."
        yield GaugeMetricFamily("dunning_redis_writable", takes, value=float(self._writable))
        if self._snapshot is None:
            return
        for name, count in sorted(self._snapshot.counters.items()):
            # The name holds a skip's reason, which may contain characters that Prometheus doesn't allow in a name.
            safe = re.sub(r"[^a-z0-9_]", "_", name.lower())
            yield CounterMetricFamily(f"dunning_{safe}", f"{_words(name)}, by all processes together.", value=count)
        for name, value in sorted(self._snapshot.gauges.items()):
            yield GaugeMetricFamily(f"dunning_{name}", f"{_words(name)}, now.", value=value)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
