"""Name an address that must not be mailed, or a customer who was forgotten, without keeping the address or the id."""

import contextlib
import hmac
from collections.abc import Iterable
from hashlib import sha256

from dunning.addresses.domains import ascii_domain

# Keeps these keys apart from everything else that is made with the same secret.
PURPOSE = b"dunning.suppression:"
FORGOTTEN = b"dunning.forgotten:"


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


def customer_key(customer_id: str, secret: str) -> str:
    """Make the key under which it is remembered that a customer was forgotten."""
    return _hash(FORGOTTEN, customer_id, secret)


def customer_keys(customer_id: str, secrets: Iterable[str]) -> list[str]:
    """Give every key under which that may be remembered: one for each secret."""
    return [customer_key(customer_id, secret) for secret in secrets]


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
    return _hash(PURPOSE, address, secret)


def _hash(purpose: bytes, text: str, secret: str) -> str:
    written = text.encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode("utf-8", "surrogatepass"), purpose + written, sha256).hexdigest()
