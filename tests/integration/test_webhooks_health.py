import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis
from structlog.testing import capture_logs

from dunning.errors import ConfigurationError
from dunning.store import Store
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.edge import Edge, notification, running, settings
from webhooks.app import create_app
from webhooks.deadlines import Deadlines
from webhooks.surroundings import ServerLogger

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
async def edge(redis_url: str) -> AsyncIterator[Edge]:
    async with running(settings(redis_url)) as edge:
        yield edge


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Accept connections and never answer."""
    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        for writer in connections:
            writer.close()


async def test_the_process_lives_whatever_redis_does(edge: Edge) -> None:
    async with edge.http.get(edge.url / "healthz") as response:
        assert (response.status, await response.text()) == (200, "ok\n")


async def test_it_is_ready_while_redis_answers_and_accepts_writes(edge: Edge) -> None:
    async with edge.http.get(edge.url / "readyz") as response:
        assert (response.status, await response.text()) == (200, "ok\n")


async def test_it_starts_without_redis_and_says_so() -> None:
    async with running(settings(NOBODY)) as edge:
        async with edge.http.get(edge.url / "healthz") as response:
            assert response.status == 200
        async with edge.http.get(edge.url / "readyz") as response:
            assert response.status == 503
            (line,) = (await response.text()).splitlines()
            assert line.startswith("Redis does not answer (ConnectionError): DUNNING_REDIS_URL should name a server")


async def test_without_redis_a_notification_stays_paddle_s() -> None:
    async with running(settings(NOBODY)) as edge:
        with capture_logs() as logs:
            response = await edge.notify(notification())
        metrics = await edge.metrics()

    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "webhook.not_recorded" in [line["event"] for line in logs]
    assert 'dunning_notifications_total{event_type="transaction.past_due",outcome="redis_away"} 1.0' in metrics


async def test_without_redis_a_malformed_event_stays_paddle_s_too() -> None:
    async with running(settings(NOBODY)) as edge:
        response = await edge.notify(notification(data={}))

    assert response.status == 503


async def test_a_redis_that_never_answers_is_not_waited_for() -> None:
    deadlines = Deadlines(redis=timedelta(seconds=0.2))
    async with silent_server() as url, running(settings(url), deadlines=deadlines) as edge:
        response = await edge.notify(notification())
        async with edge.http.get(edge.url / "readyz") as readiness:
            reason = await readiness.text()

    assert (response.status, readiness.status) == (503, 503)
    assert reason.splitlines() == ["Redis is away or refuses writes (TimeoutError)."]


async def test_a_redis_that_refuses_writes_is_told_apart(redis_url: str, edge: Edge) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.config_set("maxmemory", "1")
        try:
            response = await edge.notify(notification())
            async with edge.http.get(edge.url / "readyz") as readiness:
                reason = await readiness.text()
        finally:
            await redis.config_set("maxmemory", "0")

    assert (response.status, readiness.status) == (503, 503)
    assert reason.startswith("Redis refuses writes (")


async def test_it_outlives_a_redis_that_goes_away_and_comes_back() -> None:
    with EmbeddedServer(tcp=True) as server:
        async with running(settings(server.url)) as edge:
            before = await edge.notify(notification())
            server.stop()
            without = await edge.notify(notification())
            server.start()
            after = await edge.notify(notification())

    assert (before.status, without.status, after.status) == (200, 503, 200)


async def test_metrics_tell_of_this_process_and_of_redis(edge: Edge, store: Store) -> None:
    await store.counters.add("deliveries_sent", 3)
    await store.counters.add("skipped_for: Reasons", 1)
    await edge.notify(notification())

    families = {family.name: family for family in text_string_to_metric_families(await edge.metrics())}

    def samples(name: str) -> dict[tuple[str, ...], float]:
        return {tuple(sample.labels.values()): sample.value for sample in families[name].samples}

    assert samples("dunning_redis_up") == {(): 1.0}
    assert samples("dunning_queued_jobs") == {(): 1.0}
    assert samples("dunning_deliveries_sent") == {(): 3.0}
    assert samples("dunning_skipped_for__reasons") == {(): 1.0}
    assert samples("dunning_http_requests")["/webhooks/paddle", "200"] == 1.0


async def test_metrics_without_redis_tell_of_this_process() -> None:
    async with running(settings(NOBODY)) as edge:
        metrics = await edge.metrics()
        again = await edge.metrics()

    assert "dunning_redis_up 0.0" in metrics
    assert "dunning_queued_jobs" not in metrics
    assert 'dunning_http_requests_total{route="/metrics",status="200"} 1.0' in again


async def test_paths_and_methods_of_strangers_make_no_labels(edge: Edge) -> None:
    for path in ("wp-login.php", "pay/abc.def", "mail/nobody", ".env"):
        await edge.http.post(edge.url / path)

    metrics = await edge.metrics()

    assert 'dunning_http_requests_total{route="unmatched",status="404"} 2.0' in metrics
    assert 'dunning_http_requests_total{route="/pay/{token}",status="404"} 1.0' in metrics
    assert 'dunning_http_requests_total{route="/mail/{provider}",status="404"} 1.0' in metrics
    for path in ("wp-login", "abc.def", "nobody"):
        assert path not in metrics


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics"])
async def test_another_method_is_not_allowed(edge: Edge, path: str) -> None:
    async with edge.http.post(edge.url / path) as response:
        assert response.status == 405


async def test_no_request_is_logged(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    await edge.http.get(edge.url / "healthz")
    await edge.http.get(edge.url / "pay" / "abc.def")

    assert "healthz" not in caplog.text
    assert "abc.def" not in caplog.text


async def test_a_handler_that_breaks_tells_neither_path_nor_message(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken_clock() -> datetime:
        raise RuntimeError("ada@example.com")

    async with running(settings(redis_url), clock=broken_clock) as edge:
        with capture_logs() as logs:
            response = await edge.http.get(edge.url / "pay" / "abc.def")

    assert response.status == 500
    assert [(line["event"], line["route"], line["error"]) for line in logs] == [
        ("http.failed", "/pay/{token}", "RuntimeError")
    ]
    for text in (str(logs), caplog.text, await response.text()):
        assert "abc.def" not in text
        assert "ada@example.com" not in text
    assert response.headers["Cache-Control"] == "no-store"


async def test_what_is_no_http_is_told_without_its_bytes(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        reader, writer = await asyncio.open_connection(edge.url.host, edge.url.port)
        writer.write(b"GET /pay/abc.def HTTP/banana\r\n\r\n")
        answer = await reader.readline()
        writer.close()

    assert b" 400 " in answer
    assert [line["event"] for line in logs] == ["http.not_understood"]
    assert "abc.def" not in str(logs) + caplog.text


def test_what_breaks_outside_of_any_handler_is_told_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    logger = ServerLogger("webhooks")

    with capture_logs() as logs:
        try:
            raise RuntimeError("ada@example.com")  # noqa: TRY301 - where it comes from is of no matter
        except RuntimeError as error:
            logger.exception("Unhandled exception in %s", "/pay/abc.def", exc_info=error)

    assert [(line["event"], line["error"]) for line in logs] == [("http.failed", "RuntimeError")]
    assert "abc.def" not in str(logs) + caplog.text
    assert "ada@example.com" not in str(logs) + caplog.text


def test_settings_without_redis_are_refused() -> None:
    without = replace(settings(NOBODY), redis_url=None)

    with pytest.raises(ConfigurationError, match="DUNNING_REDIS_URL"):
        create_app(without)
