"""A store behind a sentinel and a master that both speak TLS: each is asked who it is."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from redis.exceptions import ConnectionError as NoConnectionError

from dunning.store.driver.connection import Patience, connect
from dunning.store.driver.reach import diagnose
from dunning.store.driver.sentinel import SentinelTlsError
from tests.integration.tls_redis import SERVICE, Authority, Certificate, tls_sentinel, tls_server

HERE = "IP:127.0.0.1"
ELSEWHERE = "DNS:elsewhere.example.com"


class Start(Protocol):
    """Start a sentinel and a master, and give the URL that trusts our authority."""

    def __call__(self, sentinel: Certificate, master: Certificate, *, client_ca: Path | None = None) -> str: ...


@pytest.fixture
def start(tmp_path: Path, ours: Authority) -> Iterator[Start]:
    with ExitStack() as running:

        def started(sentinel: Certificate, master: Certificate, *, client_ca: Path | None = None) -> str:
            port = running.enter_context(tls_server(tmp_path / "master", master, client_ca=client_ca))
            watch = running.enter_context(tls_sentinel(tmp_path / "sentinel", sentinel, port, client_ca=client_ca))
            return f"redis+sentinel://127.0.0.1:{watch}/{SERVICE}?tls=on&ssl_ca_certs={ours.path}"

        yield started


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "theirs")


async def answer(url: str) -> object:
    client = connect(url, Patience.LITTLE)
    try:
        return await client.ping()
    finally:
        await client.aclose(close_connection_pool=True)


async def refusal(url: str) -> Any:  # noqa: ANN401 - an error of redis-py
    with pytest.raises(NoConnectionError) as caught:
        await answer(url)
    return caught.value


async def test_sentinel_and_master_are_reached_over_tls(start: Start, ours: Authority) -> None:
    here = ours.certificate(HERE)

    assert await answer(start(here, here))


@pytest.mark.parametrize("name", [HERE, ELSEWHERE])
async def test_a_sentinel_of_an_unknown_authority_or_another_name_is_refused(
    start: Start, ours: Authority, theirs: Authority, name: str
) -> None:
    shown = (theirs if name == HERE else ours).certificate(name)

    error = await refusal(start(shown, ours.certificate(HERE)))

    assert isinstance(error, SentinelTlsError)
    assert diagnose(error).reason == "tls"
    assert "(SentinelTlsError): its certificate is not trusted for this host" in str(diagnose(error))


@pytest.mark.parametrize("name", [HERE, ELSEWHERE])
async def test_a_master_of_an_unknown_authority_or_another_name_is_refused(
    start: Start, ours: Authority, theirs: Authority, name: str
) -> None:
    shown = (theirs if name == HERE else ours).certificate(name)

    error = await refusal(start(ours.certificate(HERE), shown))

    assert not isinstance(error, SentinelTlsError)
    assert diagnose(error).reason == "tls"
    assert "its certificate is not trusted for this host" in str(diagnose(error))


async def test_names_go_unchecked_where_the_url_says_so_and_authorities_never(
    start: Start, ours: Authority, theirs: Authority
) -> None:
    elsewhere = ours.certificate(ELSEWHERE)
    url = start(elsewhere, elsewhere) + "&ssl_check_hostname=false"

    assert await answer(url)
    assert isinstance(await refusal(url.replace(str(ours.path), str(theirs.path))), SentinelTlsError)


async def test_both_are_shown_our_certificate_where_they_ask_for_one(start: Start, ours: Authority) -> None:
    here, client = ours.certificate(HERE), ours.certificate("DNS:client.example.com")
    url = start(here, here, client_ca=ours.path)

    assert await answer(f"{url}&ssl_certfile={client.path}&ssl_keyfile={client.key}")
    await refusal(url)


async def test_a_sentinel_that_is_not_trusted_is_passed_over(start: Start, ours: Authority, tmp_path: Path) -> None:
    here = ours.certificate(HERE)
    url = start(here, here)

    with tls_server(tmp_path / "stranger", ours.certificate(ELSEWHERE)) as stranger:
        assert await answer(url.replace("//", f"//127.0.0.1:{stranger},", 1))
