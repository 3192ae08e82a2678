"""Write one mail: facts in, a complete message out, the same bytes for the same facts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from hashlib import sha256
from pathlib import Path

from dunning.addresses.mailable import mailable_address
from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brand
from dunning.errors import PermanentError
from dunning.language.choose import ENGLISH_TAG, LANGUAGES, find_language
from dunning.language.own import Languages
from dunning.language.sentences import ISOLATES
from dunning.language.strangers import one_line
from dunning.rules.declines import Reason
from worker.letters.compiled import MailTemplates
from worker.letters.redirected import HEADER, above_html, above_text
from worker.letters.values import DebtFacts, MailFacts, Sum, values_of

# https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
_LONGEST_LINE = 998
_MAX_SUBJECT = 150
# In a subject. French has a space before a colon at which no line ends.
_KEPT = (*ISOLATES, "\u00a0")


class Renderer:
    """Writes mails from templates, which are read, compiled and tried once, here.

    With `redirect`, every mail is addressed there instead of to the customer, and says whom it was for.

    Raises:
        ConfigurationError: a template of the seller's is broken; the problems name file and line.
    """

    def __init__(
        self, templates: Path | None, mail_from: Mailbox, reply_to: Mailbox | None, redirect: str | None
    ) -> None:
        self._from = mail_from
        self._reply_to = reply_to
        self._redirect = redirect
        self._languages = Languages(templates)
        self._templates = MailTemplates(
            templates,
            languages=self._languages,
            examples=lambda language: [self._values(facts, language) for facts in _examples()],
        )
        self._speaking = frozenset(
            (name, language)
            for name in self._templates.names
            for language in LANGUAGES
            if self._templates.speaks(name, language)
        )

    @property
    def templates(self) -> frozenset[str]:
        """The names of all mails there are."""
        return self._templates.names

    @property
    def variables(self) -> frozenset[str]:
        """The names of all that a template may be filled with."""
        return self._templates.variables

    @property
    def members(self) -> Mapping[str, frozenset[str]]:
        """What is in each variable that holds more than one thing; of a list, what is in each of its items."""
        return self._templates.members

    def has_template(self, name: str) -> bool:
        """Say whether there is a mail of this name."""
        return name in self._templates.names

    def names_all(self, template: str) -> bool:
        """Say whether this mail names every debt it is given, each with its link, and not the first alone."""
        return template in self._templates.naming_all

    def language(self, template: str, locale: str, default: str) -> str:
        """Return the language in which this mail is written to a customer with this locale, a BCP 47 tag.

        It is their own, or else `default`, or else English. A template that holds a seller's own words is English,
        whoever reads it, unless it stands in a language's folder.
        """
        language = find_language(locale, default or ENGLISH_TAG)
        return language if (template, language) in self._speaking else ENGLISH_TAG

    def recipient(self, facts: MailFacts) -> str:
        """Give the address the mail goes to: for the header and the envelope alike.

        Raises:
            PermanentError: no mail can be sent to what the customer gave as an address.
        """
        return _mailable(self._redirect or facts.recipient, facts)

    def render(self, facts: MailFacts) -> EmailMessage:
        """Write the mail.

        Raises:
            PermanentError: no mail can be sent to what the customer gave as an address.
        """
        language = self.language(facts.template, facts.locale, facts.brand.language)
        values = self._values(facts, language)
        sender, reply_to = facts.brand.sender or self._from, facts.brand.reply_to or self._reply_to
        meant_for = _mailable(facts.recipient, facts) if self._redirect else None
        recipient = self.recipient(facts)
        # Letters beyond ASCII stand in an address as they are, or not at all: https://www.rfc-editor.org/rfc/rfc6532
        mail = EmailMessage(policy=SMTP if recipient.isascii() else SMTPUTF8)
        mail["From"] = _address(sender)
        local, _, domain = recipient.rpartition("@")
        mail["To"] = Address(username=local, domain=domain)
        if meant_for is not None:
            mail[HEADER] = meant_for
        if reply_to is not None:
            mail["Reply-To"] = _address(reply_to)
        subject = self._templates.write(facts.template, "subject.txt", values)
        mail["Subject"] = one_line(subject, at_most=_MAX_SUBJECT, keep=_KEPT)
        if any(character < " " for character in str(mail["Subject"])):
            raise PermanentError(f"The subject of step {facts.step} of case {facts.case_id} would break its header.")
        mail["Date"] = facts.dated_at.astimezone(UTC)
        mail["Message-ID"] = f"<{facts.mail_id}@{sender.address.rpartition('@')[2]}>"
        # https://www.rfc-editor.org/rfc/rfc3834#section-5: nobody's out-of-office should answer
        mail["Auto-Submitted"] = "auto-generated"
        # Exchange asks for a header of its own: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail
        mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
        for part, subtype in (("txt", "plain"), ("html", "html")):
            text = self._templates.write(facts.template, part, values).rstrip() + "\n"
            if meant_for is not None:
                text = above_text(text, meant_for) if subtype == "plain" else above_html(text, meant_for)
            if subtype == "plain":
                mail.set_content(text, cte=_encoding(text))
            else:
                mail.add_alternative(text, subtype=subtype, cte=_encoding(text))
        # After the parts: earlier, it would be taken for the first part's.
        mail["Content-Language"] = language
        # Python's own is random, and a repeat must be the same mail.
        mail.set_boundary(f"=_{sha256(facts.mail_id.encode()).hexdigest()[:32]}")
        return mail

    def _values(self, facts: MailFacts, language: str) -> dict[str, object]:
        return values_of(
            facts,
            self._languages.sentences(language),
            seller=facts.brand.known_as(self._from),
            can_reply=(facts.brand.reply_to or self._reply_to) is not None,
        )


def _mailable(address: str, facts: MailFacts) -> str:
    mailable = mailable_address(address)
    if mailable is None:
        raise PermanentError(f"The customer of case {facts.case_id} has no address that mail can be sent to.")
    return mailable


def _address(mailbox: Mailbox) -> Address:
    return Address(display_name=mailbox.name or "", addr_spec=mailbox.address)


def _encoding(text: str) -> str:
    """Choose how a part is written: as it is wherever the lines allow, so that a link can be read in the raw mail."""
    if max(len(line) for line in text.encode().splitlines()) > _LONGEST_LINE:
        return "quoted-printable"
    return "7bit" if text.isascii() else "8bit"


def _examples() -> Iterator[MailFacts]:
    """Give facts as rich and as poor as they come, to try templates with. The last has several debts."""
    poor = MailFacts(
        template="",
        step="first",
        case_id="txn_example",
        customer_name=None,
        recipient="eve@example.com",
        locale="en",
        product_names=(),
        amount=1200,
        currency_code="EUR",
        card_last4=None,
        reason=Reason.GENERIC,
        link="https://billing.example.com/pay/example?a=1&b=2",
        ends_on=None,
        dated_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    rich = replace(
        poor,
        customer_name="Eve",
        product_names=("One", "Two"),
        method="card",
        card_brand="visa",
        card_last4="4242",
        ends_on=date(2030, 1, 1),
        billed_on=date(2029, 12, 2),
        period=(date(2029, 12, 2), date(2030, 1, 2)),
        mails_sent=1,
        brand=Brand(
            logo="https://example.com/logo.png",
            website="https://example.com",
            support="https://example.com/help",
            address="Example Ltd\n1 High Street",
            statement_descriptor="PADDLE.NET* EXAMPLE",
        ),
    )
    other = DebtFacts(
        product_names=("Three",),
        amount=500,
        currency_code="USD",
        method="paypal",
        card_last4=None,
        reason=Reason.EXPIRED_CARD,
        link="https://billing.example.com/pay/another?a=1&b=2",
        ends_on=None,
    )
    yield from (rich, poor, replace(rich, further=(Sum(1300, "EUR", date(2030, 1, 2)),), others=(other,)))
