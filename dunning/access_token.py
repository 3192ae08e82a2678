"""Tokens by which programs of the seller's come to the private side. We keep a hash of each, and never the token."""

import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

# The beginning tells whoever finds one in a log or a repository what it is.
_TOKEN = re.compile(r"dunning_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")


class Scope(StrEnum):
    """What a token allows."""

    LINKS = "links"
    """Portal links of customers, which sign in whoever has them."""
    READ = "read"
    """What is kept of debts: ids, states and times."""
    OPERATE = "operate"
    """Stopping, sending and excluding, as operators do."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made: the one time that its text is known."""

    id: str
    text: str = field(repr=False)
    digest: str = field(repr=False)


def make_token() -> NewToken:
    """Make a token. Its secret has 256 bits, so a plain hash of it gives nothing away."""
    token_id = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32)
    return NewToken(token_id, f"dunning_{token_id}_{secret}", _digest(secret))


def token_id(text: str) -> str | None:
    """Return the id that a token names, or None if the text is no token."""
    match = _TOKEN.fullmatch(text)
    return match[1] if match else None


def has_digest(text: str, digest: str) -> bool:
    """Say whether this is the digest of the token's secret, in a time that tells nothing."""
    match = _TOKEN.fullmatch(text)
    return match is not None and compare_digest(_digest(match[2]), digest)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
