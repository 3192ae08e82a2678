"""Write what monitors of other people's read, from the rules and the table of metrics: `make reference`.

tests/unit/test_deploy_monitoring.py holds the files to that.
"""

import json
from pathlib import Path
from typing import Any

from dunning import metrics

DEPLOY = Path(__file__).parent.parent / "deploy"
OPERATOR = DEPLOY / "kubernetes-monitoring.yaml"
DASHBOARD = DEPLOY / "grafana-dashboard.json"

POD_MONITOR = """\
# For the Prometheus operator: `kubectl apply -f kubernetes-monitoring.yaml`. `make reference` writes this file, and its
# rules are those of alerts.yaml. If your Prometheus selects by labels, add its own here.
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: dunning
  labels: {app.kubernetes.io/name: dunning}
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: dunning, app.kubernetes.io/component: console}
  podMetricsEndpoints:
    - {port: http, path: /metrics, interval: 30s}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: dunning
  labels: {app.kubernetes.io/name: dunning}
spec:
"""

WIDE, PANEL_WIDTH, PANEL_HEIGHT = 24, 8, 7
SOURCE = {"type": "prometheus", "uid": "${source}"}


def operator_file() -> str:
    """Return the PodMonitor, and the shipped rules as a PrometheusRule."""
    rules = (DEPLOY / "alerts.yaml").read_text(encoding="utf-8")
    groups = rules[rules.index("groups:") :]
    return POD_MONITOR + "".join(f"  {line}" if line.strip() else line for line in groups.splitlines(keepends=True))


def dashboard() -> str:
    """Return a Grafana dashboard with a panel for each metric, in the order of the table."""
    rows = (
        ("What needs somebody, and what waits", metrics.GAUGES),
        ("What was done", metrics.COUNTERS),
        ("What came in over HTTP", metrics.OF_ONE_PROCESS),
    )
    panels: list[dict[str, Any]] = []
    y = 0
    for title, some in rows:
        panels.append({"type": "row", "title": title, "gridPos": _place(0, y, WIDE, 1), "collapsed": False})
        y += 1
        for number, metric in enumerate(some):
            x = number * PANEL_WIDTH % WIDE
            panels.append(_panel(metric, _place(x, y + number * PANEL_WIDTH // WIDE * PANEL_HEIGHT)))
        y += -(-len(some) * PANEL_WIDTH // WIDE) * PANEL_HEIGHT
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
    return json.dumps(_around(panels), indent=2) + "\n"


def _place(x: int, y: int, width: int = PANEL_WIDTH, height: int = PANEL_HEIGHT) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(metric: metrics.Metric, place: dict[str, int]) -> dict[str, Any]:
    unit = "s" if "_seconds" in metric.name else "short"
    return {
        "type": "timeseries",
        "title": metric.name.replace("_seconds", "").replace("_", " ").capitalize(),
        "description": metric.help,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "expr": query(metric), "legendFormat": _legend(metric)}],
    }


def query(metric: metrics.Metric) -> str:
    """Return what a panel asks. What comes from Redis is the same in every process, and so is not added up."""
    by = f" by ({', '.join(metric.labels)})" if metric.labels else ""
    if metric in metrics.OF_ONE_PROCESS:
        return f"sum{by} (increase({metric.shown}[1h]))" if metric.is_counter else f"sum ({metric.shown})"
    least = metric in {metrics.REDIS_UP, metrics.REDIS_WRITABLE} or metric.name == "certificate_seconds_left"
    if not metric.is_counter:
        return f"{'min' if least else 'max'} ({metric.shown})"
    # A reason's metric stands for all of its kind.
    alike = next((start for start in metrics.ALIKE if metric.name.startswith(start)), None)
    if alike is not None:
        return f'max by (__name__) (increase({{__name__=~"{metrics.PREFIX}{alike}.+_total"}}[1h]))'
    return f"max (increase({metric.shown}[1h]))"


def _legend(metric: metrics.Metric) -> str:
    if any(metric.name.startswith(start) for start in metrics.ALIKE):
        return "{{__name__}}"
    return " ".join(f"{{{{{label}}}}}" for label in metric.labels) or "now"


def _around(panels: list[dict[str, Any]]) -> dict[str, Any]:
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "title": "Dunning",
        "uid": "dunning",
        "tags": ["dunning"],
        "schemaVersion": 39,
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "1m",
        "templating": {"list": [source]},
        "panels": panels,
    }


def write() -> None:
    """Write both."""
    OPERATOR.write_text(operator_file(), encoding="utf-8")
    DASHBOARD.write_text(dashboard(), encoding="utf-8")
