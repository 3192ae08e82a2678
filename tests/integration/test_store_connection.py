import asyncio
import re
from collections.abc import Iterator

import pytest
from redis import Redis

from dunning.errors import OperatorMustActError, TransientError
from dunning.store import Store, keys
from dunning.store.driver.connection import Patience, connect, connection_pool, disconnect
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import NOW, open_case, opened, raised
from tests.integration.tls_front import Certificate, make_certificate, tls_in_front_of


async def works(url: str) -> None:
    async with opened(url) as store:
        await store.health.ready(NOW)
        case = await open_case(store)
        assert await store.cases.read(case.id) == case


async def test_a_store_is_reached_over_a_unix_socket() -> None:
    with EmbeddedServer() as server:
        assert server.url.startswith("unix://")
        await works(server.url)


async def test_a_store_is_reached_over_tcp(redis_url: str) -> None:
    await works(redis_url)


async def test_opening_a_store_connects_to_nothing() -> None:
    store = Store.open("redis://redis.invalid:6379/0", rate_limit=200)

    await store.close()


@pytest.mark.parametrize("passes", range(8))
async def test_closing_closes_every_connection_whenever_it_is_canceled(redis_url: str, passes: int) -> None:
    redis = connect(redis_url, Patience.LITTLE)
    await asyncio.gather(redis.ping(), redis.ping())
    closing = asyncio.create_task(disconnect(redis))

    for _ in range(passes):
        await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})

    assert [one.is_connected for one in redis.connection_pool._available_connections] == [passes == 0] * 2
    await disconnect(redis)


@pytest.mark.parametrize("path", ["/3", "/0?db=3"])
async def test_a_database_is_chosen_by_the_url(redis_url: str, path: str) -> None:
    async with opened(redis_url.removesuffix("/0") + path) as store:
        await store.health.ready(NOW)

    with Redis.from_url(redis_url.removesuffix("/0") + "/3") as redis:
        assert redis.keys() == [keys.PULSE.encode()]


@pytest.fixture
def guarded_url() -> Iterator[str]:
    with EmbeddedServer(tcp=True) as server:
        with Redis.from_url(server.url) as redis:
            redis.config_set("requirepass", "p@ss/word")
        yield server.url


async def test_a_password_is_taken_from_the_url(guarded_url: str) -> None:
    await works(guarded_url.replace("//", "//:p%40ss%2Fword@"))


WRONG_LOGIN = (
    r"Redis does not take the login \((AuthenticationError|ERR)\): mend user and password in DUNNING_REDIS_URL\."
)


@pytest.mark.parametrize("login", ["", ":wrong@"])
@pytest.mark.parametrize("database", ["/0", "/3"])
async def test_a_missing_or_wrong_password_is_an_error_that_does_not_tell_it(
    guarded_url: str, login: str, database: str
) -> None:
    async with opened(guarded_url.replace("//", f"//{login}").removesuffix("/0") + database) as store:
        error = await raised(OperatorMustActError, store.health.ready(NOW))

    assert re.fullmatch(WRONG_LOGIN, str(error))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def test_a_store_is_reached_over_tls(redis_url: str, certificate: Certificate) -> None:
    async with tls_in_front_of(redis_url, certificate) as url:
        await works(f"{url}?ssl_ca_certs={certificate.path}")


async def test_a_certificate_nobody_vouches_for_is_refused(redis_url: str, certificate: Certificate) -> None:
    async with tls_in_front_of(redis_url, certificate) as url, opened(url) as store:
        await raised(TransientError, store.health.ready(NOW))


async def test_a_certificate_of_another_host_is_refused_unless_the_url_allows_it(
    redis_url: str, certificate: Certificate
) -> None:
    async with tls_in_front_of(redis_url, certificate) as url:
        elsewhere = url.replace("localhost", "127.0.0.1") + f"?ssl_ca_certs={certificate.path}"
        async with opened(elsewhere) as store:
            await raised(TransientError, store.health.ready(NOW))
        async with opened(f"{elsewhere}&ssl_cert_reqs=required") as store:
            await raised(TransientError, store.health.ready(NOW))
        await works(f"{elsewhere}&ssl_check_hostname=false")
        await works(f"{elsewhere}&ssl_cert_reqs=none")


async def test_a_peer_that_vanishes_is_noticed(redis_url: str) -> None:
    pool = connection_pool(redis_url, Patience.LITTLE)

    assert pool.connection_kwargs["socket_keepalive"]
    assert pool.connection_kwargs["socket_timeout"] == 2.0
    assert pool.connection_kwargs["socket_connect_timeout"] == 1.5
