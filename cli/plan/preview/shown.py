"""A mail taken apart for the page: what a list of mails shows of it, its headers, and both its parts."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from html.parser import HTMLParser

from worker.mail.http_api import parts_of

# What mail programs show beside a subject, at most.
_LISTED = 140
_UNSEEN = frozenset({"script", "style", "title"})
# Tags within a line; between any others, words are apart.
_INLINE = frozenset({"a", "b", "bdi", "em", "i", "small", "span", "strong"})
# Zero-width and other fillers, by which a preheader is kept apart from the text after it.
_FILLERS = re.compile("[\u00ad\u034f\u061c\u200b-\u200f\u2060\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class ShownMail:
    """What the page shows of a mail."""

    subject: str
    preheader: str
    headers: dict[str, str]
    text: str
    html: str


def take_apart(mail: EmailMessage) -> ShownMail:
    """Read a mail as the customer's program does."""
    text, html = parts_of(mail)
    headers = {name: str(value) for name, value in mail.items() if name not in {"Content-Type", "MIME-Version"}}
    return ShownMail(str(mail["Subject"]), preheader_of(html), headers, text, html)


def preheader_of(html: str) -> str:
    """Return what mail programs show beside the subject: the first words of the body, seen in it or not."""
    words = _Words()
    words.feed(html)
    words.close()
    return _FILLERS.sub("", " ".join("".join(words.found).split()))[:_LISTED]


@dataclass
class _Words(HTMLParser):
    """Collects the words of a page."""

    found: list[str] = field(default_factory=list)
    unseen: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.unseen += tag in _UNSEEN
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in _UNSEEN
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.found.append(data)

    def _part(self, tag: str) -> None:
        if tag not in _INLINE:
            self.found.append(" ")
