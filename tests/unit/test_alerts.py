"""The alert rules, run by Prometheus' own tool: each fires on what it is for, and is silent on what is well."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

RULES = Path(__file__).parents[2] / "deploy" / "alerts.yaml"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
RULE = re.compile(
    r"(?m)^      - alert: (\w+)\n(?:.*\n)*?        labels: \{severity: (\w+)\}\n.*\n          summary: (.+)$"
)
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's prometheus) is not installed")

# Over a day, all rules evaluated every minute take seconds; a value is scraped every minute all the same.
A_LONG_TIME, RARELY = 1000, "10m"


class Told(NamedTuple):
    """What Prometheus has scraped, a value a minute, and the minute at which the rules are asked.

    `_` is a scrape that did not hold the series, and `5x60` holds 5 for as many minutes more.
    """

    series: dict[str, str]
    minute: int = 30


REFUSED, SENT = "dunning_deliveries_refused_total", "dunning_deliveries_sent_total"
SIGNATURE = 'dunning_notifications_total{event_type="other",outcome="bad_signature"}'
AWAY = 'dunning_notifications_total{event_type="transaction.paid",outcome="redis_away"}'
KEY = 'dunning_notifications_total{event_type="api_key.revoked",outcome="api_key"}'
FELL_BACK = 'dunning_clicks_total{outcome="paddle_unreachable"}'
REPLICAS = "{instance='one'}", "{instance='two'}"

FIRES = {
    "DunningGone": [Told({"up": "1x60"})],
    "DunningRedisDown": [Told({f"dunning_redis_up{one}": f"{up}x60" for up, one in enumerate(REPLICAS)})],
    "DunningRedisRefusesWrites": [
        Told({f"dunning_redis_writable{one}": f"{up}x60" for up, one in enumerate(REPLICAS)})
    ],
    "DunningNotificationsRefused": [
        Told({AWAY: "_x24 1x60"}),
        Told({AWAY: "4x24 5x60"}),
        Told({AWAY: "4x24 1x60"}),  # restarted, and one since
    ],
    "DunningEdgeFull": [
        Told({'dunning_http_turned_away_total{why="full"}': "_x24 1x60"}),
        Told({'dunning_http_turned_away_total{why="bodies"}': "4x24 5x60"}),
    ],
    "DunningOnHold": [Told({"dunning_holds": "1x60"}, 2)],
    "DunningBreakerTripped": [Told({"dunning_breaker_tripped": "1x60"}, 1)],
    "DunningPausedForLong": [
        Told({"dunning_paused": "0x1500", "dunning_paused_campaigns": "1x1500"}, 1441),
        Told({"dunning_paused": "1x1500", "dunning_paused_campaigns": "0x1500"}, 1441),
    ],
    "DunningOldestDueTooOld": [Told({"dunning_oldest_due_seconds": "0+60x60", "dunning_paused": "0x60"}, 12)],
    "DunningMailInVain": [Told({"dunning_mail_in_vain_seconds": "0+60x60"}, 11)],
    "DunningMailInVainForLong": [Told({"dunning_mail_in_vain_seconds": "0+60x60"}, 31)],
    "DunningPaddleInVain": [Told({"dunning_paddle_in_vain_seconds": "0+60x60"}, 11)],
    "DunningPaddleInVainForLong": [Told({"dunning_paddle_in_vain_seconds": "0+60x60"}, 31)],
    "DunningWorkerGone": [Told({"dunning_worker_silent_seconds": "0+60x60"}, 3)],
    "DunningWebhooksSilent": [Told({"dunning_webhooks_silent_seconds": "0+60x60"}, 6)],
    "DunningClockOff": [Told({"dunning_clocks_off": "1x60"}, 2)],
    "DunningCertificateEnds": [Told({f"dunning_certificate_seconds_left{one}": "604799x60" for one in REPLICAS})],
    "DunningEventsUnhandled": [Told({"dunning_oldest_unhandled_event_seconds": "0+60x60"}, 6)],
    "DunningJobsWait": [Told({"dunning_oldest_queued_job_seconds": "0+60x60"}, 12)],
    "DunningReconcileWaits": [Told({"dunning_reconcile_waiting": "80x60"})],
    "DunningWebhooksLost": [
        Told({"dunning_reconcile_missed_events_total": "_x24 1x60"}),
        Told({"dunning_reconcile_missed_events_total": "7x80 8x60"}, 90),
    ],
    "DunningReconcileFails": [
        Told({"dunning_reconcile_failed_total": "_x20 1+1x60"}),
        Told({"dunning_reconcile_failed_total": "7x80 8+1x60"}, 95),
    ],
    "DunningEventsRefused": [Told({"dunning_reconcile_refused_total": "_x24 1x60"})],
    "DunningAlertsNotDelivered": [Told({"dunning_alerts_not_delivered_total": "_x24 1x60"})],
    "DunningDeadEvents": [Told({"dunning_dead_events": "1x60"})],
    "DunningOutWebhooksWait": [Told({"dunning_oldest_out_webhook_seconds": "0+60x80"}, 61)],
    "DunningDeadOutWebhooks": [Told({"dunning_dead_out_webhooks": "1x60"})],
    "DunningDeadDeliveries": [
        Told({"dunning_deliveries_dead_total": "_x24 1x60"}),
        Told({"dunning_deliveries_dead_total": "7x80 8x60"}, 90),
    ],
    "DunningMailsRefused": [
        Told({REFUSED: "_x24 11x60"}),  # the first ever, all between two scrapes
        Told({REFUSED: "_x24 31x60", SENT: "_x24 20x60"}),
        Told({REFUSED: "100x80 131x60", SENT: "9000x80 9020x60"}, 90),
    ],
    "DunningBadSignatures": [Told({SIGNATURE: "0+1x60"}, 45)],
    "DunningConsoleRestarts": [Told({"dunning_console_restarts_total": "_x24 1x60"})],
    "DunningSignInsRefused": [
        Told({"dunning_sign_ins_refused_total": "_x20 10x60"}),
        Told({"dunning_sign_ins_refused_total": "7x80 17x60"}, 95),
    ],
    "DunningPaddleKey": [
        Told({KEY: "_x24 1x60"}),
        Told({KEY: "2x80 1x60"}, 90),  # restarted, and one since
    ],
    "DunningClicksFallBack": [Told({FELL_BACK: "0+1x60"})],
}
SILENT = {
    "DunningGone": [Told({"dunning_redis_up": "0x60"}), Told({"dunning_redis_up": "1x24 _x4 1x60"})],
    "DunningRedisDown": [Told({"dunning_redis_up": "1x60"}), Told({"dunning_redis_up": "1x28 0x60"})],
    "DunningRedisRefusesWrites": [Told({"dunning_redis_writable": "1x60"})],
    "DunningNotificationsRefused": [
        Told({AWAY: "5x60"}),
        Told({AWAY.replace("redis_away", "accepted"): "_x24 1x60"}),
    ],
    "DunningEdgeFull": [
        Told({'dunning_http_turned_away_total{why="full"}': "0x60"}),
        Told({'dunning_http_turned_away_total{why="slow_head"}': "_x24 9x60"}),  # a stranger who says nothing
    ],
    "DunningOnHold": [Told({"dunning_holds": "0x60"})],
    "DunningBreakerTripped": [Told({"dunning_breaker_tripped": "0x60"})],
    "DunningPausedForLong": [Told({"dunning_paused": "1x1500", "dunning_paused_campaigns": "0x1500"}, 1400)],
    "DunningOldestDueTooOld": [
        Told({"dunning_oldest_due_seconds": "0x60", "dunning_paused": "0x60"}),
        Told({"dunning_oldest_due_seconds": "0+60x60", "dunning_paused": "1x60"}),
    ],
    "DunningMailInVain": [Told({"dunning_mail_in_vain_seconds": "0+60x60"}, 9)],
    "DunningMailInVainForLong": [Told({"dunning_mail_in_vain_seconds": "0+60x60"}, 29)],
    "DunningPaddleInVain": [Told({"dunning_paddle_in_vain_seconds": "0x60"})],
    "DunningPaddleInVainForLong": [Told({"dunning_paddle_in_vain_seconds": "0+60x29 0x60"}, 35)],
    "DunningWorkerGone": [Told({"dunning_worker_silent_seconds": "20x60"})],
    "DunningWebhooksSilent": [Told({"dunning_webhooks_silent_seconds": "20x60"})],
    "DunningClockOff": [Told({"dunning_clocks_off": "0x60"})],
    "DunningCertificateEnds": [Told({"dunning_certificate_seconds_left": "700000x60"}), Told({"up": "1x60"})],
    "DunningEventsUnhandled": [Told({"dunning_oldest_unhandled_event_seconds": "20x60"})],
    "DunningJobsWait": [Told({"dunning_oldest_queued_job_seconds": "60x60"})],
    "DunningReconcileWaits": [Told({"dunning_reconcile_waiting": "0x60"})],
    "DunningWebhooksLost": [Told({"dunning_reconcile_missed_events_total": "7x200"}, 90)],
    "DunningReconcileFails": [
        Told({"dunning_reconcile_failed_total": "_x24 3x60"}),
        Told({"dunning_reconcile_failed_total": "70x200"}, 90),
    ],
    "DunningEventsRefused": [Told({"dunning_reconcile_refused_total": "7x200"}, 90)],
    "DunningAlertsNotDelivered": [Told({"dunning_alerts_not_delivered_total": "7x200"}, 90)],
    "DunningDeadEvents": [Told({"dunning_dead_events": "0x60"})],
    "DunningOutWebhooksWait": [Told({"dunning_oldest_out_webhook_seconds": "0+60x80"}, 59)],
    "DunningDeadOutWebhooks": [Told({"dunning_dead_out_webhooks": "0x60"})],
    "DunningDeadDeliveries": [Told({"dunning_deliveries_dead_total": "7x200"}, 90)],
    "DunningMailsRefused": [
        Told({REFUSED: "_x24 10x60"}),
        Told({REFUSED: "_x24 31x60", SENT: "_x24 21x60"}),
        Told({REFUSED: "131x200", SENT: "9020x200"}, 90),
    ],
    "DunningBadSignatures": [Told({SIGNATURE: "5x60"}, 45)],
    "DunningConsoleRestarts": [Told({"dunning_console_restarts_total": "7x200"}, 90)],
    "DunningSignInsRefused": [
        Told({"dunning_sign_ins_refused_total": "_x20 9x60"}),
        Told({"dunning_sign_ins_refused_total": "70x200"}, 90),
    ],
    "DunningPaddleKey": [Told({KEY: "2x200"}, 90)],
    "DunningClicksFallBack": [Told({FELL_BACK: "7x60"})],
}


def rules() -> dict[str, tuple[str, str]]:
    """Give each rule's severity and summary, by its name."""
    return {name: (severity, summary) for name, severity, summary in RULE.findall(RULES.read_text(encoding="utf-8"))}


def asked(name: str, told: Told, *, fires: bool) -> dict[str, object]:
    severity, summary = rules()[name]
    alert = {"exp_labels": {"severity": severity}, "exp_annotations": {"summary": summary}}
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in told.series.items()],
        "alert_rule_test": [
            {"eval_time": f"{told.minute}m", "alertname": name, "exp_alerts": [alert] if fires else []}
        ],
    }


def test_every_rule_has_what_makes_it_fire_and_what_does_not() -> None:
    assert len(rules()) == RULES.read_text(encoding="utf-8").count("- alert:")
    assert FIRES.keys() == rules().keys()
    assert SILENT.keys() == rules().keys()


def test_every_rule_has_a_row_that_says_what_to_do() -> None:
    table = OPERATIONS.read_text(encoding="utf-8").partition("## At three in the morning")[2].partition("\n## ")[0]

    assert set(re.findall(r"`(Dunning\w+)`", table)) == rules().keys()


@needs_promtool
@pytest.mark.parametrize(("expected", "fires"), [(FIRES, True), (SILENT, False)], ids=["fires", "silent"])
def test_each_rule_does_what_it_is_for(expected: dict[str, list[Told]], tmp_path: Path, *, fires: bool) -> None:
    """YAML holds JSON, so that this needs no library for it."""
    every = [(name, told) for name, all_told in expected.items() for told in all_told]
    of_a_day = [(name, told) for name, told in every if told.minute > A_LONG_TIME]
    for interval, some in (("1m", [one for one in every if one not in of_a_day]), (RARELY, of_a_day)):
        document = {
            "rule_files": [str(RULES)],
            "evaluation_interval": interval,
            "tests": [asked(name, told, fires=fires) for name, told in some],
        }
        (tmp_path / f"{interval}.json").write_text(json.dumps(document))

    ran = subprocess.run(
        [PROMTOOL or "promtool", "test", "rules", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
