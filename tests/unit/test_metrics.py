"""The table of metrics is what `/metrics` says, no more and no less."""

import re
from datetime import datetime, timedelta

from dunning import metrics
from dunning.reasons import SkipReason
from dunning.rules.case import CaseState
from dunning.rules.delivery import FINAL, DeliveryState
from dunning.store import Role, Store
from dunning.store.in_vain import READS
from dunning.watch.tell import NOT_DELIVERED
from webhooks.metrics import Metrics
from worker.reconcile.debts import CLOSED, OPENED
from worker.reconcile.events import MISSED
from worker.reconcile.forever import FAILED, REFUSED

# What `dunning.rules.what_changed.counted` raises, with one reason of a skip for all of them.
COUNTERS = [
    "cases_opened",
    *(f"cases_{state}" for state in CaseState if state is not CaseState.OPEN),
    *(f"deliveries_{state}" for state in {*FINAL, DeliveryState.UNKNOWN}),
    "deliveries_repeated",
    f"skipped_{SkipReason.OVERTAKEN}",
    "stopped_debt_canceled",
    MISSED,
    OPENED,
    CLOSED,
    "tries_in_vain_paddle_failed",
    "out_webhooks_delivered",
    "out_webhooks_failed",
    READS,
    FAILED,
    REFUSED,
    "api_key_expired",
    NOT_DELIVERED,
    metrics.SIGN_INS_REFUSED,
    "console_restarts",
]


def shown(some: tuple[metrics.Metric, ...]) -> dict[str, str]:
    return {metric.shown: metric.help for metric in some}


async def test_the_table_has_what_is_exposed_with_its_help(store: Store, now: datetime) -> None:
    for counter in COUNTERS:
        await store.counters.add(counter)
    await store.watching.beat(Role.WORKER, "one", clock_is_off=False)
    await store.watching.keep_certificate_end(now + timedelta(days=30))

    exposition = Metrics().exposition(await store.health.snapshot(now), writable=True).decode()

    exposed = dict(re.findall(r"^# HELP (\w+) (.*)$", exposition, re.MULTILINE))
    assert exposed == shown((*metrics.OF_ONE_PROCESS, *metrics.GAUGES, *metrics.COUNTERS))


def test_a_counter_of_another_reason_has_the_help_of_its_like() -> None:
    assert metrics.help_of("skipped_covered") == metrics.help_of("skipped_overtaken")
    assert metrics.help_of("tries_in_vain_smtp_451") == metrics.help_of("tries_in_vain_paddle_failed")


def test_a_counter_that_another_version_left_is_told_as_that() -> None:
    assert metrics.help_of("hats_sold") == "Counted by an older or newer version."
