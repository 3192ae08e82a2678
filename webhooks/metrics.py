"""What Prometheus is told: what this process counted, and what all processes counted in Redis."""

from collections.abc import Callable, Iterator
from time import time

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from dunning import metrics
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

    def _counter(self, metric: metrics.Metric) -> Callable[..., None]:
        """Return what counts one more of the metric, told its labels."""
        counter = _Counter(metric)
        self._registry.register(counter)
        return counter.add

    def count_request(self, route: str, status: int) -> None:
        """Count an answer under its route's template."""
        self._requests(route, str(status))

    def watch_connections(self, count: Callable[[], int]) -> None:
        """Ask for the number of open connections whenever the metrics are read."""
        self._connections.set_function(count)

    def count_turned_away(self, why: str) -> None:
        """Count a connection that was closed, or a body that was refused, to keep room for others."""
        self._turned_away(why)

    def count_notification(self, label: str, outcome: str) -> None:
        """Count a notification under its type as `event_types.label` has it, so that strangers make no counter."""
        self._notifications(label, outcome)

    def count_signature(self, secret: int) -> None:
        """Count a good signature under its secret's place, the first being 1."""
        self._signatures(str(secret + 1))

    def count_click(self, outcome: ClickOutcome | HoldWord) -> None:
        """Count a click."""
        self._clicks(outcome)

    def count_mail_event(self, provider: str, outcome: str) -> None:
        """Count a bounce, a complaint, or what else a provider said."""
        self._mail_events(provider, outcome)

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


class _Counter(Collector):
    """Counts by labels, which are few. The client's own counters take some 8 of a webhook's 240 microseconds."""

    def __init__(self, metric: metrics.Metric) -> None:
        self._metric = metric
        self._counts: dict[tuple[str, ...], int] = {}
        self._since: dict[tuple[str, ...], float] = {}

    def add(self, *labels: str) -> None:
        """Count one more."""
        if labels not in self._counts:
            self._counts[labels] = 0
            self._since[labels] = time()
        self._counts[labels] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Tell all."""
        family = CounterMetricFamily(self._metric.shown, self._metric.help, labels=self._metric.labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count, created=self._since[labels])
        yield family
