import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dunning.watch.certificate import certificate_end

NOW = datetime.now(UTC)
OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl here to make a certificate with")


def openssl(*arguments: str) -> None:
    subprocess.run([OPENSSL or "openssl", *arguments], check=True, capture_output=True)


@asynccontextmanager
async def site(folder: Path, days: int) -> AsyncIterator[str]:
    """Serve TLS for localhost with a certificate that ends in so many days."""
    key, asked, certificate = (str(folder / name) for name in ("key.pem", "asked.pem", "certificate.pem"))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key)
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    openssl("req", *curve, "-out", asked, *name)
    openssl(
        *("x509", "-req", "-in", asked, "-signkey", key, "-days", str(days)),
        *("-copy_extensions", "copy", "-out", certificate),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


async def test_it_is_seen_when_a_certificate_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    async with site(tmp_path, days=5) as url:
        end = await certificate_end(url, NOW)

    assert end is not None
    assert abs(end - NOW - timedelta(days=5)) < timedelta(hours=1)


async def test_one_that_has_ended_ends_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    async with site(tmp_path, days=-1) as url:
        assert await certificate_end(url, NOW) == NOW


async def test_one_that_is_not_trusted_here_says_nothing(tmp_path: Path) -> None:
    async with site(tmp_path, days=5) as url:
        assert await certificate_end(url, NOW) is None


async def test_where_nobody_answers_there_is_nothing_to_see() -> None:
    assert await certificate_end("https://localhost:1", NOW) is None


async def test_without_tls_there_is_no_certificate() -> None:
    assert await certificate_end("http://127.0.0.1:1", NOW) is None
