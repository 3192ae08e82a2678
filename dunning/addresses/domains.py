"""Domains as they stand in a DNS query and an envelope: ASCII, by IDNA 2008."""

import re
from typing import Final

import idna

# What RFC 5321 lets stand in a mail's domain: letters, digits and hyphens, a hyphen neither first nor last.
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST: Final = 253
# The limit before mapping. It is higher, since mapping may shorten a domain. It is there because encoding a long text
# takes long.
_LONGEST_BEFORE: Final = 1000


def ascii_domain(domain: str) -> str:
    """Write a domain in ASCII and in small letters: `Faß.example` as `xn--fa-hia.example`.

    Letters are mapped as browsers do before they look a name up (UTS 46, not transitional): full-width letters and dots
    are plain ones, and `ß` stays a letter of its own, since `fass.example` may be somebody else's. A dot at the end
    names the same domain, and is removed. A label that is ASCII is taken as it is: nothing is left to be mapped, and
    there are real names with hyphens or Punycode that IDNA 2008 would refuse.

    Raises:
        ValueError: it is no domain; the message doesn't quote it.
    """
    if len(domain) > _LONGEST_BEFORE:
        raise ValueError("it is too long for a domain")
    try:
        is_plain = domain.isascii()  # of that, mapping makes small letters alone
        mapped = domain.lower() if is_plain else idna.uts46_remap(domain, std3_rules=False, transitional=False)
        labels = [label if label.isascii() else idna.alabel(label).decode("ascii") for label in mapped.split(".")]
    except UnicodeError:
        raise ValueError("it holds a character that no domain may hold") from None
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    written = ".".join(labels)
    if len(written) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("it is no domain")
    return written
