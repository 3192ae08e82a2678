"""Name an address that must not be mailed, without keeping the address."""

import contextlib
import hmac
from collections.abc import Iterable
from hashlib import sha256

from dunning.addresses.domains import ascii_domain

# Keeps these keys apart from everything else that is made with the same secret.
PURPOSE = b"dunning.suppression:"


def address_key(email: str, secret: str) -> str:
    """Make the key under which `email` is suppressed: the same for any case, surrounding space and form of its domain.

    A plain hash could be looked up by anybody with a list of addresses; a keyed one cannot.
    """
    return _key(_written(email), secret)


def address_keys(email: str, secrets: Iterable[str]) -> list[str]:
    """Give every key under which `email` may have been suppressed: one for each secret, or two.

    Version 0.1.0 wrote domains by IDNA 2003, which takes `faß.example` for `fass.example`. What was suppressed then
    stays so.
    """
    spellings = dict.fromkeys((_written(email), _written_in_2003(email)))
    return [_key(spelling, secret) for secret in secrets for spelling in spellings]


def _written(email: str) -> str:
    local, at, domain = email.strip().rpartition("@")
    try:
        domain = ascii_domain(domain)
    except ValueError:
        domain = domain.lower()
    return f"{local.lower()}{at}{domain}"


def _written_in_2003(email: str) -> str:
    local, at, domain = email.strip().lower().rpartition("@")
    if not domain.isascii():
        with contextlib.suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
    return f"{local}{at}{domain}"


def _key(address: str, secret: str) -> str:
    written = address.encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode("utf-8", "surrogatepass"), PURPOSE + written, sha256).hexdigest()
