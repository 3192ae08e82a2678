"""Where the server is that `dunning up` runs, so that commands given beside it find it without a variable."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dunning.store.server.embedded import EmbeddedServer

NAME = "server-address"
_SCHEME = "unix://"


@contextmanager
def announced(server: EmbeddedServer) -> Iterator[None]:
    """Leave the address of a started server beside its data while it runs."""
    note = server.data_folder / NAME
    note.write_text(server.url, encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def running_servers(folders: Iterable[Path]) -> list[str]:
    """Return the addresses of the servers that run on these folders of data."""
    addresses = []
    for folder in folders:
        try:
            address = (folder / NAME).read_text(encoding="utf-8")
        except OSError:
            continue
        if _listens(address):
            addresses.append(address)
    return addresses


def _listens(address: str) -> bool:
    """Tell whether anybody is there: a note may outlive a server that was killed."""
    path = address.removeprefix(_SCHEME).partition("?")[0]
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(path)
    except OSError:
        return False
    return True
