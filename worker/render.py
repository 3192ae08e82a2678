"""Write one mail: facts in, a complete message out, the same bytes for the same facts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from pathlib import Path

from babel.dates import format_date
from babel.lists import format_list

from dunning.declines import Reason
from dunning.errors import PermanentError
from dunning.mail_address import Mailbox
from worker.mail.addresses import ascii_address
from worker.mail_templates import MailTemplates
from worker.money import FALLBACK_LOCALE, find_locale, format_money
from worker.strangers import MAX_PRODUCT, greeting_name, one_line
from worker.wording import reason_sentence

# https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_LONGEST_LINE = 998
_MAX_SUBJECT = 150
_MAX_CARD_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """All that one mail says. What names a person, or opens a page for them, never reaches a repr, and so no log.

    `amount` is in minor units of `currency_code`; `reason` is a key of `dunning.declines.reason_key`; `ends_on` is
    given only where the end is certain, since a wrong date is worse than none.
    """

    template: str
    step: str
    case_id: str
    customer_name: str | None = field(repr=False)
    recipient: str = field(repr=False)
    locale: str
    product_names: tuple[str, ...] = field(repr=False)
    amount: int = field(repr=False)
    currency_code: str
    card_last4: str | None = field(repr=False)
    reason: str
    link: str = field(repr=False)
    ends_on: date | None
    dated_at: datetime


class Renderer:
    """Writes mails from templates, which are read, compiled and tried once, here.

    With `redirect`, every mail is addressed there instead of to the customer.

    Raises:
        ConfigurationError: a template of the seller's is broken; the problems name file and line.
    """

    def __init__(
        self, templates: Path | None, mail_from: Mailbox, reply_to: Mailbox | None, redirect: str | None
    ) -> None:
        self._from = mail_from
        self._reply_to = reply_to
        self._redirect = redirect
        self._seller = mail_from.name or mail_from.address.rpartition("@")[2]
        self._templates = MailTemplates(templates, examples=[self._values(facts) for facts in _examples()])

    def has_template(self, name: str) -> bool:
        """Say whether there is a mail of this name."""
        return name in self._templates.names

    def recipient(self, facts: MailFacts) -> str:
        """Give the address the mail goes to: for the header and the envelope alike.

        Raises:
            PermanentError: no mail can be sent to what the customer gave as an address.
        """
        address = ascii_address(self._redirect or facts.recipient)
        if address is None:
            raise PermanentError(f"The customer of case {facts.case_id} has no address that mail can be sent to.")
        return address

    def render(self, facts: MailFacts) -> EmailMessage:
        """Write the mail.

        Raises:
            PermanentError: no mail can be sent to what the customer gave as an address.
        """
        values = self._values(facts)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = _address(self._from)
        mail["To"] = Address(addr_spec=self.recipient(facts))
        if self._reply_to is not None:
            mail["Reply-To"] = _address(self._reply_to)
        mail["Subject"] = one_line(self._templates.write(facts.template, "subject.txt", values), at_most=_MAX_SUBJECT)
        if any(character < " " for character in str(mail["Subject"])):
            raise PermanentError(f"The subject of step {facts.step} of case {facts.case_id} would break its header.")
        mail["Date"] = facts.dated_at.astimezone(UTC)
        mail["Message-ID"] = f"<{facts.case_id}.{facts.step}@{self._from.address.rpartition('@')[2]}>"
        # https://www.rfc-editor.org/rfc/rfc3834#section-5: nobody's out-of-office should answer
        mail["Auto-Submitted"] = "auto-generated"
        for part, subtype in (("txt", "plain"), ("html", "html")):
            text = self._templates.write(facts.template, part, values).rstrip() + "\n"
            if subtype == "plain":
                mail.set_content(text, cte=_encoding(text))
            else:
                mail.add_alternative(text, subtype=subtype, cte=_encoding(text))
        # Python's own is random, and a repeat must be the same mail.
        mail.set_boundary(f"=_{sha256(f'{facts.case_id}.{facts.step}'.encode()).hexdigest()[:32]}")
        return mail

    def _values(self, facts: MailFacts) -> dict[str, object]:
        """Give the words a template may use."""
        locale = find_locale(facts.locale)
        # Dates stand inside English sentences, so they are written as English-speakers do: those of the customer's
        # country, if it is theirs.
        words = locale if locale.language == FALLBACK_LOCALE.language else FALLBACK_LOCALE
        products = [name for name in (one_line(name, at_most=MAX_PRODUCT) for name in facts.product_names) if name]
        return {
            "amount": format_money(facts.amount, facts.currency_code, facts.locale),
            "can_reply": self._reply_to is not None,
            "card_last4": one_line(facts.card_last4 or "", at_most=_MAX_CARD_DIGITS),
            "customer_name": greeting_name(facts.customer_name),
            "ends_on": format_date(facts.ends_on, "long", locale=words) if facts.ends_on else "",
            "link": facts.link,
            "product": format_list(products, locale=words),
            "products": products,
            "reason": reason_sentence(facts.reason),
            "reason_key": facts.reason,
            "seller": self._seller,
            "step": facts.step,
        }


def _address(mailbox: Mailbox) -> Address:
    return Address(display_name=mailbox.name or "", addr_spec=mailbox.address)


def _encoding(text: str) -> str:
    """Choose how a part is written: as it is wherever the lines allow, so that a link can be read in the raw mail."""
    if max(len(line) for line in text.encode().splitlines()) > _LONGEST_LINE:
        return "quoted-printable"
    return "7bit" if text.isascii() else "8bit"


def _examples() -> Iterator[MailFacts]:
    """Give facts as rich and as poor as they come, to try templates with."""
    for rich in (True, False):
        yield MailFacts(
            template="",
            step="first",
            case_id="txn_example",
            customer_name="Eve" if rich else None,
            recipient="eve@example.com",
            locale="en",
            product_names=("One", "Two") if rich else (),
            amount=1200,
            currency_code="EUR",
            card_last4="4242" if rich else None,
            reason=Reason.GENERIC,
            link="https://billing.example.com/pay/example?a=1&b=2",
            ends_on=date(2030, 1, 1) if rich else None,
            dated_at=datetime(2030, 1, 1, tzinfo=UTC),
        )
