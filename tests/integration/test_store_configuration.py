"""What a look at Redis' configuration tells, and that every process looks when it starts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from structlog.testing import capture_logs

from dunning.findings import Finding, Level
from dunning.store import look_at_redis, tell_once, tell_until_reached
from dunning.store.configuration import look_at_configuration
from dunning.store.driver.connection import Patience, connect, disconnect
from dunning.store.server.embedded import EmbeddedServer
from tests.dunning_process import ENVIRONMENT, dunning


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that the test may misconfigure."""
    with EmbeddedServer(tmp_path / "data", tcp=True) as server:
        yield server


def configure(server: EmbeddedServer, name: str, value: str) -> None:
    with Redis.from_url(server.url) as redis:
        redis.config_set(name, value)


def allow(server: EmbeddedServer, *commands: str) -> str:
    """Let a user run all but these commands, and give the address for that user."""
    with Redis.from_url(server.url) as redis:
        redis.acl_setuser(
            "app", enabled=True, passwords=["+secret"], categories=["+@all"], commands=list(commands), keys=["*"]
        )
    return server.url.replace("//", "//app:secret@")


async def look(url: str) -> dict[str, Finding]:
    return {finding.about: finding for finding in await look_at_redis(url)}


async def test_a_redis_configured_as_the_embedded_one_is_well(own_server: EmbeddedServer) -> None:
    found = await look(own_server.url)

    assert {about: finding.level for about, finding in found.items()} == {
        "redis.version": Level.OK,
        "redis.role": Level.OK,
        "redis.memory": Level.OK,
        "redis.eviction": Level.OK,
        "redis.persistence": Level.OK,
        "redis.clock": Level.OK,
    }


@pytest.mark.parametrize(
    ("setting", "value", "found"),
    [
        ("maxmemory-policy", "allkeys-lru", ("redis.eviction", Level.WARNING, "Set maxmemory-policy to noeviction.")),
        ("appendonly", "no", ("redis.persistence", Level.WARNING, "Set appendonly to yes.")),
        ("appendfsync", "everysec", ("redis.persistence", Level.NOTE, "Set appendfsync to always.")),
        ("maxmemory", "1mb", ("redis.memory", Level.WARNING, "Raise maxmemory: a full Redis refuses events.")),
        ("maxmemory", "1gb", ("redis.memory", Level.OK, "")),
    ],
)
async def test_what_could_lose_or_stop_work_is_told_with_what_to_do(
    own_server: EmbeddedServer, setting: str, value: str, found: tuple[str, Level, str]
) -> None:
    configure(own_server, setting, value)

    every = await look_at_redis(own_server.url)

    assert found in [(finding.about, finding.level, finding.do) for finding in every]


async def test_a_replica_is_a_failure(own_server: EmbeddedServer, redis_server: EmbeddedServer) -> None:
    port = redis_server.url.rpartition(":")[2].partition("/")[0]
    with Redis.from_url(own_server.url) as redis:
        redis.replicaof("127.0.0.1", port)

    assert (await look(own_server.url))["redis.role"].level is Level.FAILURE


async def test_what_a_hosted_redis_does_not_let_us_see_is_a_note_of_its_own(own_server: EmbeddedServer) -> None:
    configure(own_server, "maxmemory-policy", "allkeys-lru")

    without_config = await look(allow(own_server, "-config"))
    without_both = await look(allow(own_server, "-config", "-info"))

    assert without_config["redis.config"].level is Level.NOTE
    assert without_config["redis.config"].means == "Could not look: Redis does not allow CONFIG GET."
    assert without_config["redis.eviction"].level is Level.WARNING  # INFO tells that too
    assert without_config["redis.persistence"].level is Level.OK
    assert {about: finding.level for about, finding in without_both.items()} == {
        "redis.info": Level.NOTE,
        "redis.config": Level.NOTE,
        "redis.clock": Level.OK,
    }


async def test_a_clock_that_is_off_is_a_failure(own_server: EmbeddedServer) -> None:
    redis = connect(own_server.url, Patience.LITTLE)

    *_, clock = await look_at_configuration(redis, datetime.now(UTC) + timedelta(seconds=30))

    await disconnect(redis)
    assert (clock.about, clock.level) == ("redis.clock", Level.FAILURE)


async def test_a_start_logs_what_is_wrong_and_nothing_else(own_server: EmbeddedServer) -> None:
    with capture_logs() as nothing:
        await tell_until_reached(own_server.url, lambda: datetime.now(UTC))
    configure(own_server, "maxmemory-policy", "allkeys-lru")
    configure(own_server, "appendfsync", "everysec")

    with capture_logs() as waiting:
        await tell_until_reached(own_server.url, lambda: datetime.now(UTC))
    with capture_logs() as once:
        await tell_once(own_server.url, datetime.now(UTC))

    assert nothing == []
    assert waiting == once
    assert [(entry["event"], entry["about"], entry["log_level"]) for entry in waiting] == [
        ("redis.configuration", "redis.eviction", "warning"),
        ("redis.configuration", "redis.persistence", "info"),
    ]


@pytest.mark.parametrize("command", ["worker", "webhooks", "console"])
def test_each_process_looks_when_it_starts(own_server: EmbeddedServer, command: str) -> None:
    configure(own_server, "maxmemory-policy", "allkeys-lru")

    with dunning(command, environ=ENVIRONMENT | {"DUNNING_REDIS_URL": own_server.url}) as process:
        line = process.wait_for("redis.configuration")

    assert (line["level"], line["about"]) == ("warning", "redis.eviction")


async def test_a_start_outlives_a_redis_that_goes_away_meanwhile(own_server: EmbeddedServer) -> None:
    with capture_logs() as logs:
        await tell_once(own_server.url.replace("127.0.0.1", "127.0.0.2"), datetime.now(UTC))

    assert [entry["event"] for entry in logs] == ["redis.unreachable"]
