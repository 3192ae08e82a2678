"""TLS in front of a Redis, as stunnel would put it there: the server we embed is built without."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest


@dataclass
class Certificate:
    """A certificate for localhost, and no address, that only those trust who are given its path."""

    path: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate in the folder."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate with")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(made.key), "-out", str(made.path), "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return made


@asynccontextmanager
async def tls_in_front_of(url: str, certificate: Certificate) -> AsyncIterator[str]:
    """Take TLS off what comes in and hand it to the Redis at `url`. Give the address to come in at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key)
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
