"""Addresses that mail can be sent to: in ASCII, or with letters of other scripts before the @."""

import re
import unicodedata

from dunning.addresses.ascii import ascii_address

_MOST_OCTETS = 64  # https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1
# Letters, the marks on them, and digits. No symbols, no spaces, nothing that is not seen or changes the direction.
_WRITTEN = frozenset({"Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Mn", "Nd"})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def mailable_address(address: str) -> str | None:
    """Give the address as it stands in an envelope, its domain in ASCII, or None if no mail can be sent to it.

    One that isn't ASCII before the @ can be sent to only by a server that offers SMTPUTF8:
    https://www.rfc-editor.org/rfc/rfc6531
    """
    # As RFC 6532 asks for it, so that an address is one whichever keyboard it was written on.
    composed = unicodedata.normalize("NFC", address.strip())
    local, _, domain = composed.rpartition("@")
    foreign = set(_NOT_ASCII.findall(local))
    if not all(unicodedata.category(one) in _WRITTEN for one in foreign) or len(local.encode()) > _MOST_OCTETS:
        return None
    # What is left is held against the rules for ASCII, with a plain letter for each that isn't.
    plain = ascii_address(f"{_NOT_ASCII.sub('x', local)}@{domain}")
    return None if plain is None else f"{local}@{plain.rpartition('@')[2]}"
