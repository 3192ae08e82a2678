"""Name an address that must not be mailed, without keeping the address."""

import contextlib
import hmac
from hashlib import sha256

# Keeps these keys apart from everything else that is made with the same secret.
PURPOSE = b"dunning.suppression:"


def address_key(email: str, secret: str) -> str:
    """Make the key under which `email` is suppressed: the same for any case, surrounding space and form of its domain.

    A plain hash could be looked up by anybody with a list of addresses; a keyed one cannot.
    """
    local, at, domain = email.strip().lower().rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    address = f"{local}{at}{domain}".encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode("utf-8", "surrogatepass"), PURPOSE + address, sha256).hexdigest()
