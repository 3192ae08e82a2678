"""The addresses an operator names: who mail comes from, where answers go."""

import re
from dataclasses import dataclass

MAILBOX_FORM = "one mail address, such as Acme Billing <billing@example.com>"

# A word of more than 998 characters can't be folded into the lines that RFC 5322 allows.
MAX_NAME = 200

_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
# RFC 5322's dot-atom before the @ and a host name after it. Other forms exist, and mail servers refuse most of them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(\.{_ATOM})*@(?=.{{1,253}}\Z)({_LABEL}(\.{_LABEL})+|localhost)")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address and, if there is one, the name before it."""

    name: str | None
    address: str


def parse_mailbox(text: str) -> Mailbox:
    """Read `Name <address>` or a bare address.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    if not text.isprintable():
        raise ValueError("it holds a line end or another control character")
    # Python's parser of headers decodes such words, line ends and all, wherever they stand.
    if "=?" in text:
        raise ValueError("it holds an encoded word (=?...?=), and should hold the letters that it stands for")
    named = _NAMED.fullmatch(text)
    address = named["address"] if named else text
    if not _ADDRESS.fullmatch(address):
        raise ValueError("it holds no mail address, or more than one")
    name = _unquoted(named["name"].strip()) if named else ""
    if "@" in name:
        raise ValueError("its name holds an @")
    if len(name) > MAX_NAME:
        raise ValueError(f"its name is longer than {MAX_NAME} characters")
    return Mailbox(name=name or None, address=address)


def _unquoted(name: str) -> str:
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name
