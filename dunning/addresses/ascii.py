"""Addresses as they may stand in an envelope or a header: plain ASCII, one at a time."""

import re

from dunning.addresses.domains import ascii_domain

# Deliberately narrow: no quoted local parts, no comments, no literals. Addresses that checkouts accept match it, and
# nothing that could break out of a header or an SMTP command does.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
# Python's parser of headers would decode what looks like an encoded word (`=?utf-8?q?...?=`).
_ADDRESS = re.compile(rf"(?!.*=\?)(?=.{{1,64}}@.{{1,253}}$){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def ascii_address(address: str) -> str | None:
    """Give the address with its domain in ASCII (`ü.example` as `xn--tda.example`), or None if it can't be mailed."""
    local, at, domain = address.strip().rpartition("@")
    try:
        written = f"{local}{at}{ascii_domain(domain)}"
    except ValueError:
        return None
    return written if _ADDRESS.fullmatch(written) else None
