"""What Prometheus is told of all processes: what Redis has, and what each `webhooks` showed there of itself."""

import re
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from dunning import metrics
from dunning.store import Snapshot


def of_all_processes(snapshot: Snapshot | None, *, writable: bool) -> bytes:
    """Write what all processes counted together, in Prometheus' text format.

    Args:
        snapshot: what Redis has; None where it did not answer.
        writable: whether Redis takes what accepting an event writes.
    """
    registry = CollectorRegistry()
    registry.register(_Redis(snapshot, writable=writable))
    return generate_latest(registry)


def of_each_process(shown: Mapping[str, bytes]) -> bytes:
    """Write what processes counted for themselves, each with its name as the label `process`."""
    registry = CollectorRegistry()
    registry.register(_Processes(shown))
    return generate_latest(registry)


class _Processes(Collector):
    """What each process showed of itself, put together."""

    def __init__(self, shown: Mapping[str, bytes]) -> None:
        self._shown = shown

    def collect(self) -> Iterator[Metric]:
        found: dict[str, Metric] = {}
        for process, text in sorted(self._shown.items()):
            for family in text_string_to_metric_families(text.decode()):
                together = found.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    labels = {**sample.labels, "process": process}
                    together.add_sample(sample.name, labels, sample.value)
        yield from found.values()


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
