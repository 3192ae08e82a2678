"""What is said of a Redis that can't be worked with: each trouble made on a real server, read where operators read."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis
from structlog.testing import capture_logs

from dunning.store import tell_until_reached
from dunning.store.server.embedded import EmbeddedServer
from tests.dunning_process import ENVIRONMENT, dunning
from tests.integration.edge import running, settings
from tests.until import PATIENCE_SECONDS


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tcp=True) as server:
        yield server


@contextmanager
def configured(server: EmbeddedServer, name: str) -> Iterator[str]:
    with Redis.from_url(server.url) as redis:
        redis.config_set(name, 1)
        try:
            yield server.url
        finally:
            redis.config_set(name, 0)


@contextmanager
def user(server: EmbeddedServer, *rules: str) -> Iterator[str]:
    with Redis.from_url(server.url) as redis:
        redis.execute_command("ACL", "SETUSER", "app", "reset", "on", ">pw", *rules)
        redis.script_flush()
        try:
            yield server.url.replace("//", "//app:pw@")
        finally:
            redis.execute_command("ACL", "DELUSER", "app")


@contextmanager
def replica(server: EmbeddedServer) -> Iterator[str]:
    with Redis.from_url(server.url) as redis:
        redis.replicaof("127.0.0.1", 1)
        try:
            yield server.url
        finally:
            redis.replicaof("NO", "ONE")


@contextmanager
def plain(url: str) -> Iterator[str]:
    yield url


TROUBLES: dict[str, tuple[Any, str, str]] = {
    "full": (lambda one: configured(one, "maxmemory"), "refuses_writes", "OOM"),
    "no replicas": (lambda one: configured(one, "min-replicas-to-write"), "refuses_writes", "NOREPLICAS"),
    "replica": (replica, "role", "this is a replica"),
    "no scripts": (lambda one: user(one, "~*", "+@all", "-eval", "-evalsha"), "permission", "the command EVALSHA"),
    "no sorted sets": (lambda one: user(one, "~*", "+@all", "-zadd"), "permission", "ACL"),
    "no queue": (lambda one: user(one, "~dunning:*", "+@all"), "permission", "~arq:*"),
    "no keys of ours": (lambda one: user(one, "~arq:*", "+@all"), "permission", "~dunning:*"),
    "wrong login": (lambda one: plain(one.url.replace("//", "//who:secret@")), "password", "user and password"),
    "no such database": (lambda one: plain(one.url.rsplit("/", 1)[0] + "/99"), "database", "no database"),
    "no TLS": (lambda one: plain(one.url.replace("redis:", "rediss:")), "tls", "redis://"),
    "no such file": (lambda _: plain("rediss://127.0.0.1:1/0?ssl_ca_certs=/nowhere.pem"), "address", "an ssl_ option"),
    "nobody": (lambda _: plain("redis://127.0.0.1:1/0"), "address", "does not answer"),
    "no such host": (lambda _: plain("redis://nowhere.invalid:6379/0"), "name", "not known here"),
}


async def something_in(logs: list[Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not logs:  # noqa: ASYNC110 - a log has no event to wait for
            await asyncio.sleep(0.05)


@asynccontextmanager
async def told(url: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the log of a process that starts on this Redis, once it said something."""
    with capture_logs() as logs:
        telling = asyncio.create_task(tell_until_reached(url, now))
        try:
            await something_in(logs)
            yield logs  # type: ignore[misc]
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


@pytest.mark.parametrize("name", TROUBLES)
async def test_each_trouble_is_named_and_says_what_to_do(server: EmbeddedServer, name: str) -> None:
    trouble, reason, words = TROUBLES[name]

    with trouble(server) as url:
        async with told(url) as logs:
            line = logs[0]

    assert (line["event"], line["log_level"], line["reason"]) == ("redis.unreachable", "error", reason)
    assert words in line["problem"]
    assert not {"secret", "pw", "who:", "127.0.0.1", "nowhere"} & set(line["problem"].split())


@pytest.mark.parametrize("name", [name for name in TROUBLES if name not in {"no TLS", "no such file"}])
async def test_readiness_says_the_same_and_metrics_that_events_are_not_taken(server: EmbeddedServer, name: str) -> None:
    trouble, _, words = TROUBLES[name]

    with trouble(server) as url:
        async with running(settings(url)) as edge:
            async with edge.http.get(edge.url / "readyz") as response:
                status, said = response.status, await response.text()
            async with edge.http.get(edge.url / "metrics") as response:
                metrics = await response.text()

    assert status == 503
    assert words in said
    assert "dunning_redis_writable 0.0" in metrics


async def test_a_redis_that_takes_events_says_so_and_is_not_told_of(server: EmbeddedServer) -> None:
    with user(server, "~dunning:*", "~arq:*", "+@all") as url, capture_logs() as logs:
        async with running(settings(url)) as edge, edge.http.get(edge.url / "metrics") as response:
            metrics = await response.text()
        await tell_until_reached(url, now)

    assert "dunning_redis_writable 1.0" in metrics
    assert "redis.unreachable" not in [line["event"] for line in logs]


async def test_it_says_when_redis_is_reached(server: EmbeddedServer) -> None:
    with configured(server, "maxmemory") as url, capture_logs() as logs:
        telling = asyncio.create_task(tell_until_reached(url, now))
        await something_in(logs)
    # mended from here on
    with capture_logs() as logs:
        await asyncio.wait_for(telling, 10)

    assert [line["event"] for line in logs] == ["redis.reached"]


@pytest.mark.parametrize("command", ["worker", "webhooks"])
def test_each_process_says_at_its_start_that_redis_is_not_there(command: str) -> None:
    environ = ENVIRONMENT | {"DUNNING_REDIS_URL": "redis://127.0.0.1:9", "DUNNING_PORT": "0"}
    with dunning(command, environ=environ) as process:
        line = process.wait_for("redis.unreachable")

    assert (line["level"], line["reason"]) == ("error", "address")


def test_arqs_own_command_says_it_too() -> None:
    environ = {**os.environ, **ENVIRONMENT, "DUNNING_REDIS_URL": "redis://127.0.0.1:9"}
    arq = [sys.executable, "-m", "arq", "worker.main.WorkerSettings"]
    with subprocess.Popen(arq, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        said = next((line for line in process.stderr if "redis.unreachable" in line), "")
        process.terminate()

    assert '"address"' in said
