"""Backups of the server that `dunning up` brings: its log, copied while it runs or while it doesn't.

The log is a folder of files that its manifest lists: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
A copy that was taken between two commands is whole; of one that was taken within a command, the server leaves that
command out.
"""

import io
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from dunning.errors import NotPossibleError
from dunning.store import keys
from dunning.store.driver.connection import RedisClient
from dunning.store.server.address import running_servers
from dunning.store.server.embedded import EmbeddedServer, locked

LOG = "appendonlydir"
_MEMBER = re.compile(rf"{LOG}/appendonly\.aof\.[A-Za-z0-9.]+")
_MANIFEST = f"{LOG}/appendonly.aof.manifest"
_WAIT_SECONDS = 0.1
_LONGEST_REWRITE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds."""

    open_cases: int
    ended_cases: int


def has_data(folder: Path) -> bool:
    """Tell whether a server has kept data in this folder."""
    return (folder / LOG).is_dir()


def back_up(folder: Path, target: Path) -> Contents:
    """Write a backup of the folder's data to a new file, read it back on a server of its own, and tell what it holds.

    Raises:
        NotPossibleError: there is no data, the file is there already or can't be written.
        ConfigurationError: no server is installed, or the copy can't be read back.
    """
    if not has_data(folder):
        raise NotPossibleError(f"There is no data in {folder}. --data names another folder.")
    if target.exists():
        raise NotPossibleError(f"{target} is there already, and is not overwritten.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with at_rest(folder), tarfile.open(fileobj=file, mode="w:gz") as archive:
                for path in sorted((folder / LOG).iterdir(), key=lambda path: f"{LOG}/{path.name}" != _MANIFEST):
                    _add(archive, path)
            os.fsync(file.fileno())
        found = _tried(unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise NotPossibleError(f"{target} can't be written: {error.strerror}.") from None
    except RedisError as error:
        raise NotPossibleError(f"The server can't be used ({type(error).__name__}): try again.") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return found


def restore(source: Path, folder: Path, now: datetime, *, replace: bool) -> tuple[Contents, Path | None]:
    """Put a backup's data into the folder, once a server has read it. Return what it holds, and where the old data is.

    Raises:
        NotPossibleError: it is no backup, or there is data already, and `replace` is not given.
        ConfigurationError: the folder is in use, or the backup can't be read.
    """
    with locked(folder):
        if has_data(folder) and not replace:
            raise NotPossibleError(f"There is data in {folder} already. --replace puts it aside.")
        with tempfile.TemporaryDirectory(prefix="restoring-", dir=folder) as place:
            found = _unpacked_and_tried(source, Path(place))
            aside = None
            if has_data(folder):
                aside = folder / f"{LOG}.replaced-{now:%Y%m%d-%H%M%S}"
                (folder / LOG).rename(aside)
            (Path(place) / LOG).rename(folder / LOG)
    return found, aside


def _add(archive: tarfile.TarFile, path: Path) -> None:
    """Add a file as long as it is now: the log grows while it is read."""
    with path.open("rb") as file:
        member = tarfile.TarInfo(f"{LOG}/{path.name}")
        member.size, member.mode = os.fstat(file.fileno()).st_size, 0o600
        archive.addfile(member, file)


@contextmanager
def at_rest(folder: Path) -> Iterator[None]:
    """Keep the folder's log from being rewritten, and so its list of files, while it is copied."""
    addresses = running_servers([folder])
    if not addresses:
        with locked(folder):
            yield
        return
    client: RedisClient = Redis.from_url(addresses[0])
    with client as redis:
        name = "auto-aof-rewrite-percentage"
        before = redis.config_get(name)[name]
        redis.config_set(name, 0)
        try:
            _wait_for_rewrite(redis)
            yield
        finally:
            redis.config_set(name, before)


def _wait_for_rewrite(redis: RedisClient) -> None:
    until = time.monotonic() + _LONGEST_REWRITE_SECONDS
    while time.monotonic() < until:
        state = redis.info("persistence")
        if not state["aof_rewrite_in_progress"] and not state["aof_rewrite_scheduled"]:
            return
        time.sleep(_WAIT_SECONDS)
    raise NotPossibleError("The server has been rewriting its log for ten minutes: try again later.")


def _tried(archive: Path) -> Contents:
    with tempfile.TemporaryDirectory(prefix="dunning-backup-") as place:
        return _unpacked_and_tried(archive, Path(place))


def _unpacked_and_tried(source: Path, place: Path) -> Contents:
    """Unpack a backup, and let a server read it."""
    (place / LOG).mkdir(mode=0o700)
    names = set()
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() and _MEMBER.fullmatch(member.name) else None
                if content is None:
                    raise NotPossibleError(f"{source} is no backup of Dunning's: it holds {member.name!r}.")
                names.add(member.name)
                with (place / member.name).open("wb") as file:
                    shutil.copyfileobj(content, file, io.DEFAULT_BUFFER_SIZE)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise NotPossibleError(f"{source} can't be read as a backup ({type(error).__name__}).") from None
    if _MANIFEST not in names:
        raise NotPossibleError(f"{source} is no backup of Dunning's: it lacks {_MANIFEST}.")
    with EmbeddedServer(place) as server:
        client: RedisClient = Redis.from_url(server.url)
        with client as redis:
            return Contents(redis.zcard(keys.DUE), redis.zcard(keys.ENDED))
