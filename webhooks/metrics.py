"""What Prometheus is told: what this process counted, and what all processes counted in Redis."""

import re
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dunning import metrics
from dunning.paddle import event_types
from dunning.reasons import ClickOutcome, HoldWord
from dunning.store import Snapshot


class Metrics:
    """The counters of this process, one registry for each application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter(metrics.REQUESTS)
        self._connections = Gauge(metrics.CONNECTIONS.shown, metrics.CONNECTIONS.help, registry=self._registry)
        self._turned_away = self._counter(metrics.TURNED_AWAY)
        self._notifications = self._counter(metrics.NOTIFICATIONS)
        self._signatures = self._counter(metrics.SIGNATURES)
        self._clicks = self._counter(metrics.CLICKS)
        self._mail_events = self._counter(metrics.MAIL_EVENTS)

    def _counter(self, metric: metrics.Metric) -> Counter:
        return Counter(metric.shown, metric.help, metric.labels, registry=self._registry)

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
        yield _gauge(metrics.REDIS_UP, self._snapshot is not None)
        yield _gauge(metrics.REDIS_WRITABLE, self._writable)
        if self._snapshot is None:
            return
        for name, count in sorted(self._snapshot.counters.items()):
            # The name holds a skip's reason, which may contain characters that Prometheus doesn't allow in a name.
            safe = re.sub(r"[^a-z0-9_]", "_", name.lower())
            yield CounterMetricFamily(f"{metrics.PREFIX}{safe}", metrics.help_of(name), value=count)
        for name, value in sorted(self._snapshot.gauges.items()):
            yield GaugeMetricFamily(f"{metrics.PREFIX}{name}", metrics.help_of(name), value=value)


def _gauge(metric: metrics.Metric, value: float) -> Metric:
    return GaugeMetricFamily(metric.shown, metric.help, value=float(value))
