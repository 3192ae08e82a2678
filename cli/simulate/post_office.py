"""The rehearsal's mail server: every mail is written by the real renderer, and kept."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from cli.simulate.sending import Mail, Sending
from dunning.case import Case
from dunning.delivery import DeliveryState
from dunning.links import LINK_LIFETIME, Links
from worker.mail_facts import gather_facts, with_links
from worker.render import MailFacts, Renderer

PUBLIC_URL = "https://billing.example.com"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that went out."""

    at: datetime
    case_id: str
    step: str
    message: EmailMessage
    link: str

    @property
    def subject(self) -> str:
        """The mail's subject."""
        return str(self.message["Subject"])


class PostOffice:
    """Writes each mail and takes it."""

    def __init__(self, renderer: Renderer, links: Links) -> None:
        self.letters: list[Letter] = []
        self._renderer = renderer
        self._links = links

    def take(self, sending: Sending, now: datetime) -> DeliveryState:
        """Write the mail and take it."""
        mail = sending.mail
        facts = self._facts(mail, sending.delivery.dated_at or now)
        self.letters.append(Letter(now, mail.case.id, mail.step.name, self._renderer.render(facts), facts.link))
        return DeliveryState.SENT

    def newest_of(self, case_id: str) -> Letter | None:
        """Return the last mail that a debt's customer got about it."""
        return next((letter for letter in reversed(self.letters) if letter.case_id == case_id), None)

    def open_link(self, letter: Letter, now: datetime) -> str:
        """Return the id of the case that a mail's link is for.

        Raises:
            DunningError: the link is not good, or no more.
        """
        return self._links.verify(letter.link.removeprefix(f"{PUBLIC_URL}/pay/"), now)

    def _facts(self, mail: Mail, dated_at: datetime) -> MailFacts:
        customer = mail.transaction.customer
        assert customer is not None  # noqa: S101 - judge() sends to nobody without an address
        return gather_facts(
            mail.case,
            mail.campaign,
            mail.step,
            transaction=mail.transaction,
            customer=customer,
            named=mail.named,
            links={case.id: self._link(case) for case in with_links(mail.case, mail.named)},
            dated_at=dated_at,
        )

    def _link(self, case: Case) -> str:
        return f"{PUBLIC_URL}/pay/{self._links.sign(case.id, case.failed_at + LINK_LIFETIME)}"
