"""Mail into a folder, for trying things out and for other programs to pick up."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

from dunning.reasons import MailCode
from worker.mail.holds import DISK, FOLDER, LOGIN, NO_ROOM
from worker.mail.transport import Outcome, Result

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]")


class FileTransport:
    """Writes each mail as KEY.eml, readable by its owner only: it holds a link that pays.

    A repeat replaces the file with the same bytes, so it is recognised.
    """

    idempotent = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(
        self,
        mail: EmailMessage,
        *,
        recipient: str,  # noqa: ARG002 - stands in the mail
        key: str,
        before_data: Callable[[], Awaitable[bool]],
    ) -> Result:
        """Write one mail; see `Transport.send`."""
        if not await before_data():
            return Result(Outcome.ABANDONED, MailCode.ABANDONED_BEFORE_DATA)
        try:
            await asyncio.to_thread(self._write, key, mail.as_bytes())
        except OSError as error:
            if error.errno in NO_ROOM:
                return Result(Outcome.HELD, MailCode.FILE_NO_ROOM, hold=DISK)
            return Result(Outcome.HELD, f"file_{type(error).__name__}", hold=FOLDER)
        return Result(Outcome.SENT, MailCode.FILE_WRITTEN)

    async def probe(self) -> frozenset[str]:
        """Write into the folder, and take it away again; see `Transport.probe`."""
        try:
            await asyncio.to_thread(self._try_writing)
        except OSError:
            return frozenset()
        return frozenset({LOGIN, FOLDER, DISK})

    async def close(self) -> None:
        """Nothing is kept open."""

    def _try_writing(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tried = self._folder / ".probe.tmp"
        tried.write_bytes(b"-")
        tried.unlink()

    def _write(self, key: str, mail: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = _NOT_IN_A_NAME.sub("_", key)
        # Written aside and renamed, so that whoever watches the folder never reads half a mail.
        unfinished = self._folder / f".{name}.tmp"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._folder / f"{name}.eml")
