"""What the Prometheus operator and Grafana read is made from the rules and the table of metrics."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dunning import metrics
from tests.monitoring import DASHBOARD, DEPLOY, OPERATOR, dashboard, operator_file, query

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's prometheus) is not installed")
EVERY = (*metrics.GAUGES, *metrics.COUNTERS, *metrics.OF_ONE_PROCESS)


@pytest.mark.parametrize(("file", "made"), [(OPERATOR, operator_file), (DASHBOARD, dashboard)])
def test_the_files_are_what_is_made(file: Path, made: object) -> None:
    assert callable(made)
    assert file.read_text(encoding="utf-8") == made(), "run `make reference`"


def test_the_operator_gets_the_shipped_rules() -> None:
    monitor, rule = yaml.safe_load_all(OPERATOR.read_text(encoding="utf-8"))

    assert (monitor["kind"], rule["kind"]) == ("PodMonitor", "PrometheusRule")
    assert rule["spec"] == yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))


def test_the_operator_scrapes_the_port_of_the_pods_that_have_metrics() -> None:
    monitor, _ = yaml.safe_load_all(OPERATOR.read_text(encoding="utf-8"))
    _, _, pods, *_ = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
    template = pods["spec"]["template"]

    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert monitor["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
    assert endpoint["port"] in {port["name"] for port in template["spec"]["containers"][0]["ports"]}


def test_the_dashboard_has_a_panel_for_each_metric_and_none_lies_on_another() -> None:
    panels = [panel for panel in json.loads(dashboard())["panels"] if panel["type"] != "row"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]

    assert [panel["description"] for panel in panels] == [metric.help for metric in EVERY]
    assert len(set(places)) == len(panels)
    assert all(x + 8 <= 24 for x, _ in places)


@needs_promtool
def test_prometheus_understands_what_the_panels_ask(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{metric.name}", "expr": query(metric)} for metric in EVERY]
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))

    ran = subprocess.run(
        [PROMTOOL or "promtool", "check", "rules", str(tmp_path / "rules.json")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(rf"{len(EVERY)} rules found", ran.stdout + ran.stderr)
