"""A store behind Sentinel: real sentinels on loopback that know a real pair of servers."""

import asyncio
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis.exceptions import RedisError

from dunning.errors import TransientError
from dunning.store.driver.connection import Patience, connect
from dunning.store.server.embedded import EmbeddedServer, find_server
from tests.integration.at_rest import NOW, open_case, opened, raised, redis_of
from tests.until import until

SERVICE = "renewals"

CONFIGURATION = """\
port {port}
bind 127.0.0.1
dir "{folder}"
sentinel monitor {service} 127.0.0.1 {master} 1
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 3000
"""


def port_of(server: EmbeddedServer) -> int:
    return urlsplit(server.url).port or 0


@dataclass
class Guarded:
    """A master and its replica, watched by one sentinel."""

    master: EmbeddedServer
    replica: EmbeddedServer
    port: int

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.port}/{SERVICE}"

    def says(self, *command: object) -> Any:  # noqa: ANN401 - as the sentinel answers
        with Redis(port=self.port, decode_responses=True) as sentinel:
            return sentinel.execute_command("SENTINEL", *command)

    def master_port(self) -> int:
        return int(self.says("GET-MASTER-ADDR-BY-NAME", SERVICE)[1])

    def knows_the_replica(self) -> bool:
        for pairs in self.says("REPLICAS", SERVICE):
            replica = dict(zip(pairs[::2], pairs[1::2], strict=True))
            if (replica["flags"], replica["master-link-status"]) == ("slave", "ok"):
                return True
        return False


def eventually(look: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """Have a look that may fail while servers come and go."""

    async def looked() -> bool:
        try:
            return look()
        except RedisError:
            return False

    return looked


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    with EmbeddedServer(tcp=True) as master, EmbeddedServer(tcp=True) as replica:
        with Redis.from_url(replica.url) as redis:
            redis.replicaof("127.0.0.1", port_of(master))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        configuration = tmp_path / "sentinel.conf"
        configuration.write_text(
            CONFIGURATION.format(port=port, folder=tmp_path, service=SERVICE, master=port_of(master))
        )
        with subprocess.Popen([find_server(), str(configuration), "--sentinel"], stdout=subprocess.DEVNULL) as sentinel:
            yield Guarded(master, replica, port)
            sentinel.terminate()


async def test_the_sentinel_is_asked_where_the_master_is(guarded: Guarded) -> None:
    await until(eventually(lambda: guarded.master_port() > 0))

    async with opened(guarded.url) as store:
        case = await open_case(store)
        assert await store.cases.read(case.id) == case

    with Redis.from_url(guarded.master.url) as redis:
        assert redis.exists(f"dunning:case:{case.id}")


async def test_a_sentinel_that_is_away_is_passed_over(guarded: Guarded) -> None:
    await until(eventually(lambda: guarded.master_port() > 0))

    async with opened(guarded.url.replace("//", "//127.0.0.1:1,")) as store:
        await store.health.ready(NOW)


async def test_sentinels_that_are_all_away_are_a_redis_that_does_not_answer() -> None:
    async with opened("redis+sentinel://127.0.0.1:1,127.0.0.1:2/renewals") as store:
        error = await raised(TransientError, store.health.ready(NOW))

    assert str(error).startswith("Redis does not answer (MasterNotFoundError): no sentinel names a master")


async def test_a_service_the_sentinel_does_not_know_is_an_error(guarded: Guarded) -> None:
    await until(eventually(lambda: guarded.master_port() > 0))

    async with opened(guarded.url.replace(SERVICE, "another")) as store:
        await raised(TransientError, store.health.ready(NOW))


async def test_a_login_and_a_database_of_the_master_are_taken_from_the_url(guarded: Guarded) -> None:
    await until(eventually(lambda: guarded.master_port() > 0))
    with Redis.from_url(guarded.master.url) as redis:
        redis.acl_setuser("app", enabled=True, passwords=["+p@ss"], categories=["+@all"], keys=["*"])

    async with opened(guarded.url.replace("//", "//app:p%40ss@") + "/3") as store:
        await store.health.ready(NOW)
        assert await redis_of(store).execute_command("ACL", "WHOAMI") == b"app"

    with Redis.from_url(guarded.master.url.removesuffix("/0") + "/3") as redis:
        assert redis.exists("dunning:pulse")


async def test_when_the_master_dies_its_replica_is_found_with_all_that_was_acknowledged(guarded: Guarded) -> None:
    for what, milliseconds in (("info-period", 100), ("ping-period", 100), ("publish-period", 100)):
        await until(eventually(lambda: guarded.says("DEBUG", what, milliseconds) == "OK"))  # noqa: B023 - awaited here
    await until(eventually(guarded.knows_the_replica))
    patient = connect(guarded.url, Patience.MUCH)
    await patient.set("written before the failover", "1")

    async with opened(guarded.url) as store:
        case = await open_case(store)
        await redis_of(store).execute_command("WAIT", 1, 5_000)
        guarded.master.stop()

        assert await patient.set("written during the failover", "1")
        assert await store.cases.read(case.id) == case
        assert guarded.master_port() == port_of(guarded.replica)
    await patient.aclose(close_connection_pool=True)


async def test_whoever_knocks_at_a_master_that_is_gone_hears_of_the_new_one(guarded: Guarded) -> None:
    await until(eventually(lambda: guarded.master_port() > 0))
    guarded.says("REMOVE", SERVICE)
    guarded.says("MONITOR", SERVICE, "127.0.0.1", 1, 1)  # where nobody is; it takes the sentinel 30 s to say so
    patient = connect(guarded.url, Patience.MUCH)

    writing = asyncio.create_task(patient.set("written", "1"))
    async with opened(guarded.url) as impatient:
        await raised(TransientError, impatient.health.ready(NOW))
    still_waiting = not writing.done()
    guarded.says("REMOVE", SERVICE)
    guarded.says("MONITOR", SERVICE, "127.0.0.1", port_of(guarded.master), 1)

    assert still_waiting
    assert await writing
    await patient.aclose(close_connection_pool=True)
