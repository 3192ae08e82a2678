import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from cli.embedded import EmbeddedServer
from dunning.errors import TransientError
from dunning.store import Store, keys
from dunning.store.connection import Patience, connection_pool
from tests.integration.at_rest import NOW, open_case, opened, raised

OPENSSL = shutil.which("openssl")


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


@pytest.mark.parametrize("login", ["", ":wrong@"])
async def test_a_wrong_password_is_an_error_that_does_not_tell_it(guarded_url: str, login: str) -> None:
    async with opened(guarded_url.replace("//", f"//{login}")) as store:
        error = await raised(TransientError, store.health.ready(NOW))

    assert str(error).startswith("Redis does not answer")
    assert "wrong" not in str(error)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if OPENSSL is None:
        pytest.skip("no openssl here to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


@asynccontextmanager
async def tls_in_front_of(url: str, certificate: tuple[Path, Path]) -> AsyncIterator[str]:
    """Take TLS off in front of a Redis, as stunnel would; the server we embed is built without. Give its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    behind = urlsplit(url)

    at_work: set[asyncio.Task[None] | None] = set()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()
        await writer.wait_closed()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(asyncio.current_task())
        back_reader, back_writer = await asyncio.open_connection(behind.hostname, behind.port)
        await asyncio.gather(pipe(reader, back_writer), pipe(back_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"rediss://localhost:{server.sockets[0].getsockname()[1]}/0"
    await asyncio.gather(*(task for task in at_work if task))


async def test_a_store_is_reached_over_tls(redis_url: str, certificate: tuple[Path, Path]) -> None:
    async with tls_in_front_of(redis_url, certificate) as url:
        await works(f"{url}?ssl_ca_certs={certificate[0]}")


async def test_a_certificate_nobody_vouches_for_is_refused(redis_url: str, certificate: tuple[Path, Path]) -> None:
    async with tls_in_front_of(redis_url, certificate) as url, opened(url) as store:
        await raised(TransientError, store.health.ready(NOW))


async def test_a_peer_that_vanishes_is_noticed(redis_url: str) -> None:
    pool = connection_pool(redis_url, Patience.LITTLE)

    assert pool.connection_kwargs["socket_keepalive"]
    assert pool.connection_kwargs["socket_timeout"] == 2.0
    assert pool.connection_kwargs["socket_connect_timeout"] == 1.5
