"""Redis servers that speak TLS themselves, and the certificates they show."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from dunning.store.server.embedded import find_server

SERVICE = "renewals"

SERVER = """\
port 0
tls-port {port}
bind 127.0.0.1
dir "{folder}"
tls-cert-file "{certificate.path}"
tls-key-file "{certificate.key}"
tls-ca-cert-file "{client_ca}"
tls-auth-clients {clients}
save ""
"""

SENTINEL = """\
tls-replication yes
sentinel monitor {service} 127.0.0.1 {master} 1
sentinel down-after-milliseconds {service} 60000
"""


@dataclass(frozen=True)
class Certificate:
    """A certificate, its key, and the authority that signed it."""

    path: Path
    key: Path
    authority: Path


class Authority:
    """Sign certificates for names and addresses."""

    def __init__(self, folder: Path) -> None:
        """Make a folder, and the authority's own certificate in it."""
        folder.mkdir()
        self._folder = folder
        self.path = folder / "ca.pem"
        self._openssl("-x509", "-keyout", str(folder / "ca.key"), "-out", str(self.path), "-subj", "/CN=authority")

    def certificate(self, name: str) -> Certificate:
        """Sign a certificate for `DNS:name` or `IP:address`."""
        stem = name.replace(":", "-")
        made = Certificate(self._folder / f"{stem}.pem", self._folder / f"{stem}.key", self.path)
        signed_by = ("-CA", str(self.path), "-CAkey", str(self._folder / "ca.key"))
        named = ("-subj", "/CN=server", "-addext", f"subjectAltName={name}", "-addext", "basicConstraints=CA:FALSE")
        self._openssl("-x509", *signed_by, *named, "-keyout", str(made.key), "-out", str(made.path))
        return made

    def _openssl(self, *arguments: str) -> None:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("no openssl here to make certificates with")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        subprocess.run([openssl, "req", *key, *arguments], check=True, capture_output=True)


@cache
def server_with_tls() -> str | None:
    """Give the path of an installed server that was built with TLS."""
    for found in (find_server(), shutil.which("valkey-server"), shutil.which("redis-server")):
        if found and _takes_tls(found):
            return found
    return None


def _takes_tls(server: str) -> bool:
    """Without TLS, a server doesn't know the option; with it, it misses a certificate."""
    tried = subprocess.run(
        [server, "--port", "0", "--tls-port", "1", "--tls-cert-file", "/nowhere"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return "Bad directive" not in tried.stdout + tried.stderr


@contextmanager
def tls_server(folder: Path, certificate: Certificate, *, client_ca: Path | None = None) -> Iterator[int]:
    """Run a server, and give its port. With `client_ca`, it asks its clients for certificates of that authority."""
    with _running(folder, certificate, client_ca, "") as port:
        yield port


@contextmanager
def tls_sentinel(
    folder: Path, certificate: Certificate, master: int, *, client_ca: Path | None = None
) -> Iterator[int]:
    """Run a sentinel that watches the master on this port, and give its own port."""
    more = SENTINEL.format(service=SERVICE, master=master)
    with _running(folder, certificate, client_ca, more, "--sentinel") as port:
        yield port


@contextmanager
def _running(
    folder: Path, certificate: Certificate, client_ca: Path | None, more: str, *arguments: str
) -> Iterator[int]:
    server = server_with_tls()
    if server is None:
        pytest.skip("the server found here was built without TLS")
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    text = SERVER.format(
        port=port,
        folder=folder,
        certificate=certificate,
        client_ca=client_ca or certificate.authority,
        clients="yes" if client_ca else "no",
    )
    configuration = folder / "server.conf"
    configuration.write_text(text.replace('save ""\n', "") + more if arguments else text)
    with subprocess.Popen([server, str(configuration), *arguments], stdout=subprocess.DEVNULL) as process:
        try:
            _wait_until_it_listens(process, port)
            yield port
        finally:
            process.terminate()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    pytest.fail("the server did not start")
