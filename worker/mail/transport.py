"""What every way of sending mail has in common: what it is asked, and what it can answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from typing import Protocol

from dunning.reasons import HoldWord


class Outcome(StrEnum):
    """What became of a mail, sorted by what to do next."""

    SENT = "sent"  # the other side answered that it has it
    REFUSED = "refused"  # this mail or this address will never be taken: do not try again
    TRY_AGAIN = "try_again"  # certainly not sent, and it may work later
    HELD = "held"  # certainly not sent, and only the operator can mend why
    UNKNOWN = "unknown"  # it was handed over and no answer came: it may have been sent
    UNFIT = "unfit"  # certainly not sent: no mail to this address can go this way
    ABANDONED = "abandoned"  # `before_data` said no: certainly not sent, and not to be


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome, and why.

    `code` is short and stable, and safe for logs, metrics and the case's story: it never holds what the other side
    wrote, which may quote addresses. `hold` names what the operator must mend if the outcome is HELD: a word of
    `HoldWord`. `about_recipient` says of a refusal that it is plainly about this one address; any other refusal may be
    about us as well. It only comments on the code: results that differ in nothing else are equal.
    """

    outcome: Outcome
    code: str
    hold: HoldWord | None = None
    about_recipient: bool = field(default=False, compare=False)

    @property
    def must_mend(self) -> HoldWord:
        """What the operator must mend, of an outcome that is HELD.

        Raises:
            ValueError: it names nothing.
        """
        if self.hold is None:
            raise ValueError(f"{self.code} holds sending, and doesn't say what is to be mended")
        return self.hold


class Transport(Protocol):
    """A way to send mail.

    `idempotent` says whether a repeat under the same key is recognised, and the mail so sent only once.
    """

    @property
    def idempotent(self) -> bool:
        """Whether the other side recognises a repeat by its key."""
        ...

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        """Send one mail to one recipient, and say what became of it.

        `before_data` is awaited at the last moment at which nothing has been handed over yet. If it returns False,
        nothing is handed over. Whatever goes wrong between us and the other side is a Result. Only what `before_data`
        raises is raised.
        """
        ...

    async def probe(self) -> frozenset[str] | None:
        """Try what can be tried without a mail, and return the holds that this shows to be mended. Never raises.

        None if only a mail can show anything.
        """
        ...

    async def close(self) -> None:
        """Close what is kept open."""
        ...
