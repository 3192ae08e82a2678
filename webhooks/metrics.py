"""What Prometheus is told: what this process counted, and what all processes counted in Redis."""

from collections.abc import Callable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from dunning import metrics
from dunning.paddle import event_types
from dunning.reasons import ClickOutcome, HoldWord
from dunning.store import Snapshot
from dunning.watch.exposition import of_all_processes


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

    def _counter(self, metric: metrics.Metric) -> Callable[..., Counter]:
        """Return what gives the counter of some labels, which are few: the client takes its time to find one again."""
        return cache(Counter(metric.shown, metric.help, metric.labels, registry=self._registry).labels)

    def count_request(self, route: str, status: int) -> None:
        """Count an answer under its route's template."""
        self._requests(route, str(status)).inc()

    def watch_connections(self, count: Callable[[], int]) -> None:
        """Ask for the number of open connections whenever the metrics are read."""
        self._connections.set_function(count)

    def count_turned_away(self, why: str) -> None:
        """Count a connection that was closed, or a body that was refused, to keep room for others."""
        self._turned_away(why).inc()

    def count_notification(self, event_type: str, outcome: str) -> None:
        """Count a notification. Types that we don't know count as `other`."""
        self._notifications(event_types.label(event_type), outcome).inc()

    def count_signature(self, secret: int) -> None:
        """Count a good signature under its secret's place, the first being 1."""
        self._signatures(str(secret + 1)).inc()

    def count_click(self, outcome: ClickOutcome | HoldWord) -> None:
        """Count a click."""
        self._clicks(outcome).inc()

    def count_mail_event(self, provider: str, outcome: str) -> None:
        """Count a bounce, a complaint, or what else a provider said."""
        self._mail_events(provider, outcome).inc()

    def of_this_process(self) -> bytes:
        """Write what this process counted in Prometheus' text format."""
        return generate_latest(self._registry)

    def exposition(self, snapshot: Snapshot | None, *, writable: bool) -> bytes:
        """Write all that is known in Prometheus' text format.

        Args:
            snapshot: what Redis has; None where it did not answer.
            writable: whether Redis takes what accepting an event writes.
        """
        return self.of_this_process() + of_all_processes(snapshot, writable=writable)
