"""Mails that are not written out: when nobody reads a million of them, or when only their facts matter."""

from email.message import EmailMessage

from dunning.language.choose import ENGLISH_TAG
from worker.letters.values import MailFacts


class Slip(EmailMessage):
    """A mail that was not written out: what it would say."""

    def __init__(self, facts: MailFacts) -> None:
        super().__init__()
        self.facts = facts


class Unwritten:
    """Writes nothing out, in place of `worker.letters.render.Renderer`."""

    def has_template(self, name: str) -> bool:
        """Say that there is a mail of every name."""
        del name
        return True

    def names_all(self, template: str) -> bool:
        """Say that each mail names every debt it is given."""
        del template
        return True

    def language(self, template: str, locale: str, default: str) -> str:
        """Say that every mail is in English."""
        del template, locale, default
        return ENGLISH_TAG

    def render(self, facts: MailFacts) -> EmailMessage:
        """Give what the mail would say."""
        return Slip(facts)
