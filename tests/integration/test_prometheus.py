"""A real Prometheus scrapes a real `webhooks`, with the rules of deploy/alerts.yaml: what is wrong fires, and ends."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from cli.lab.ports import free_port
from dunning.errors import OperatorMustActError
from dunning.instants import to_milliseconds
from dunning.reasons import HoldWord
from dunning.rules.breaker import hour_of
from dunning.store import Role, Store, Way, keys
from tests.integration.at_rest import redis_of
from tests.integration.edge import running, settings
from tests.until import until

RULES = Path(__file__).parents[2] / "deploy" / "alerts.yaml"
PROMETHEUS = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(PROMETHEUS is None, reason="Prometheus is not installed")

PROVOKED = {
    "DunningOnHold",
    "DunningBreakerTripped",
    "DunningMailInVain",
    "DunningPaddleInVain",
    "DunningWorkerGone",
    "DunningClockOff",
    "DunningCertificateEnds",
    "DunningEventsUnhandled",
    "DunningReconcileWaits",
    "DunningDeadEvents",
    "DunningWebhooksLost",
    "DunningDeadDeliveries",
    "DunningPausedForLong",  # once it has been so for a day
}


class Prometheus:
    """A running Prometheus, and what it says."""

    def __init__(self, url: str, http: ClientSession) -> None:
        self._url = url
        self._http = http

    async def alerts(self) -> set[str]:
        """Give the alerts that fire, or would once they had been true for long enough."""
        async with self._http.get(f"{self._url}/api/v1/alerts") as response:
            return {alert["labels"]["alertname"] for alert in (await response.json())["data"]["alerts"]}

    async def has_scraped(self) -> bool:
        try:
            async with self._http.get(f"{self._url}/api/v1/query", params={"query": "dunning_redis_up"}) as response:
                return bool((await response.json())["data"]["result"])
        except (ClientError, KeyError):
            return False


@asynccontextmanager
async def prometheus(folder: Path, target: str) -> AsyncIterator[Prometheus]:
    """Scrape the target each second, and judge it by the rules each second."""
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": "dunning", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.json").write_text(json.dumps(configuration))  # JSON is YAML
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        PROMETHEUS or "prometheus",
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    )
    try:
        async with ClientSession() as http:
            one = Prometheus(f"http://127.0.0.1:{port}", http)
            await until(one.has_scraped)
            yield one
    finally:
        process.terminate()
        await process.wait()


async def provoke(store: Store, now: datetime) -> None:
    """Let everything be wrong that Redis knows of, each as it comes to be."""
    redis, ago = redis_of(store), to_milliseconds(now - timedelta(minutes=20))
    await store.holds.raise_(OperatorMustActError("The login is refused.", hold=HoldWord.MAIL_LOGIN), now)
    await redis.hset(keys.OPENED, hour_of(now), 9)
    await store.due.sweep(now, calls_per_case=0, most_opened=5)
    for way in Way:
        for minutes in (12, 1):
            await store.in_vain.note(way, "smtp_451", now - timedelta(minutes=minutes))
    await store.watching.beat(Role.WORKER, "another", clock_is_off=True)
    await redis.hset(keys.BEATS, Role.WORKER, ago)
    await store.watching.keep_certificate_end(now + timedelta(days=3))
    await redis.zadd(keys.INBOX, {"evt_1": ago})
    await redis.zadd(keys.DEAD, {"evt_1": ago})
    await store.reconciling.wait_for_operator(80)
    await store.counters.add("reconcile_missed_events")
    await store.counters.add("deliveries_dead")


@needs_prometheus
async def test_the_shipped_rules_fire_on_what_is_wrong_and_not_on_what_is_well(
    redis_url: str, store: Store, tmp_path: Path
) -> None:
    given = settings(redis_url, PUBLIC_URL="http://127.0.0.1:1")
    async with (
        running(given, clock=lambda: datetime.now(UTC)) as edge,
        prometheus(tmp_path, f"{edge.url.host}:{edge.url.port}") as watching,
    ):

        async def none_fires() -> bool:
            return await watching.alerts() == set()  # at first nothing was scraped yet

        await until(none_fires)
        await provoke(store, datetime.now(UTC))

        async def all_fire() -> bool:
            return await watching.alerts() >= PROVOKED

        await until(all_fire)
        assert await watching.alerts() == PROVOKED

        await redis_of(store).flushall()

        async def what_is_a_state_is_over() -> bool:
            # A rule on a counter looks back for an hour.
            return await watching.alerts() <= {"DunningWebhooksLost", "DunningDeadDeliveries"}

        await until(what_is_a_state_is_over)
