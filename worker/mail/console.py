"""Mail onto the terminal, for trying things out."""

import sys
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import TextIO

from dunning.reasons import MailCode
from worker.mail.holds import CONSOLE, DISK, NO_ROOM
from worker.mail.http_api import parts_of
from worker.mail.transport import Outcome, Result


class ConsoleTransport:
    """Prints each mail's text to stdout, where no log goes."""

    idempotent = False

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    async def send(
        self,
        mail: EmailMessage,
        *,
        recipient: str,
        key: str,  # noqa: ARG002 - a terminal knows no keys
        before_data: Callable[[], Awaitable[bool]],
    ) -> Result:
        """Print one mail; see `Transport.send`."""
        if not await before_data():
            return Result(Outcome.ABANDONED, MailCode.ABANDONED_BEFORE_DATA)
        text, _ = parts_of(mail)
        try:
            self._stream.write(f"To: {recipient}\nSubject: {mail['Subject']}\n\n{text}\n")
            self._stream.flush()
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:  # it leads into a file
                return Result(Outcome.HELD, MailCode.CONSOLE_NO_ROOM, hold=DISK)
            # closed, or in an encoding that lacks a letter
            return Result(Outcome.HELD, MailCode.CONSOLE_CLOSED, hold=CONSOLE)
        return Result(Outcome.SENT, MailCode.CONSOLE_PRINTED)

    async def probe(self) -> None:
        """Tell nothing: only printing a mail shows whether the terminal works."""

    async def close(self) -> None:
        """Nothing is kept open."""
