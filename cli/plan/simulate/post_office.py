"""The rehearsal's mail server: it takes every mail, and keeps it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from dunning.reasons import MailCode
from worker.mail.http_api import parts_of
from worker.mail.transport import Outcome, Result


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that went out."""

    at: datetime
    case_id: str
    step: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The mail's subject."""
        return str(self.message["Subject"])

    def token(self, public_url: str) -> str:
        """Return the token of the first payment link in its text."""
        text, _ = parts_of(self.message)
        start = f"{public_url}/pay/"
        return next(line.removeprefix(start) for line in text.splitlines() if line.startswith(start))


class PostOffice:
    """Takes each mail at once."""

    idempotent = False

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.letters: list[Letter] = []
        self._clock = clock

    async def send(
        self,
        mail: EmailMessage,
        *,
        recipient: str,  # noqa: ARG002 - stands in the mail
        key: str,
        before_data: Callable[[], Awaitable[bool]],
    ) -> Result:
        """Take one mail; see `worker.mail.transport.Transport.send`."""
        if not await before_data():
            return Result(Outcome.ABANDONED, MailCode.ABANDONED_BEFORE_DATA)
        case_id, _, step = key.partition(".")
        self.letters.append(Letter(self._clock(), case_id, step, mail))
        return Result(Outcome.SENT, "smtp_250")

    async def probe(self) -> frozenset[str]:
        """Show nothing: there is nothing to mend."""
        return frozenset()

    async def close(self) -> None:
        """Nothing is kept open."""

    def newest_of(self, case_id: str) -> Letter | None:
        """Return the last mail that a debt's customer got about it."""
        return next((letter for letter in reversed(self.letters) if letter.case_id == case_id), None)
