"""What the screen shows that only the worker's code can make. `cli`, which knows both, hands it over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail as a customer's program shows it. It holds what Paddle says of a person: it is shown, and never kept."""

    subject: str
    recipient: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class NextMail:
    """What would happen next in a case, in lines, with the mail where there is one."""

    lines: Sequence[str]
    mail: ShownMail | None


@dataclass(frozen=True, slots=True)
class Opening:
    """A case that would be opened, and its first mail."""

    case_id: str
    customer_id: str
    failed_at: datetime
    decline_class: str
    campaign: str
    step: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Healing:
    """What reconciling found, and did where it was asked to. `lines` say it."""

    openings: Sequence[Opening]
    closings: int
    lines: Sequence[str]


class Backstage(Protocol):
    """The worker's code at work, for a page."""

    async def look_ahead(self, case_id: str, now: datetime) -> NextMail:
        """Find out what happens next in a case, if nothing changes until then. Sends and keeps nothing.

        Raises:
            NotPossibleError: there is no such case, or it is over.
            DunningError: Paddle can't be asked.
        """
        ...

    async def reconcile(self, *, apply: bool) -> Healing:
        """Compare Paddle with what we have, and mend what webhooks did not bring if it is to be applied.

        Raises:
            DunningError: Paddle can't be asked.
        """
        ...

    def templates(self) -> Sequence[str]:
        """Name the templates that mails can be written from."""
        ...

    def languages(self) -> Sequence[tuple[str, str]]:
        """Give the languages' tags, each with its name in English."""
        ...

    def example(self, template: str, language: str) -> ShownMail:
        """Write a mail to somebody who is made up.

        Raises:
            ValueError: there is no such template, or no such language; the sentence says which there are.
        """
        ...
