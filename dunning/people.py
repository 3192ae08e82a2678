"""People of the seller's who come to the private side. What lets them in is kept as keyed hashes, and never itself."""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from dunning import time_limits

_PASS = re.compile(r"([a-f0-9]{12})_([A-Za-z0-9_-]{43})")
_FORM = b"dunning.form:"
_ADDRESS = b"dunning.sign_in_from:"


class PersonRole(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"
    """See everything, change nothing."""
    OPERATOR = "operator"
    """Stop, send, exclude, pause and whatever else changes something."""

    def covers(self, needed: "PersonRole") -> bool:
        """Say whether this role is enough for what needs that one."""
        return self is PersonRole.OPERATOR or needed is PersonRole.VIEWER


class Use(StrEnum):
    """What a pass is for. One that is made for one use is nothing for the other."""

    SIGN_IN = "dunning.sign_in:"
    """A link that signs in once."""
    SESSION = "dunning.session:"
    """A cookie."""


@dataclass(frozen=True, slots=True)
class NewPass:
    """What lets somebody in, just made: the one time that its text is known."""

    id: str
    text: str = field(repr=False)
    digest: str = field(repr=False)


def make_pass(use: Use, key: str) -> NewPass:
    """Make a pass. Its digest is keyed: whoever writes to Redis, and has no link secret, can make none."""
    pass_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return NewPass(pass_id, f"{pass_id}_{secret}", _digest(use, secret, key))


def pass_id(text: str) -> str | None:
    """Return the id that a pass names, or None if the text is no pass."""
    match = _PASS.fullmatch(text)
    return match[1] if match else None


def has_digest(text: str, digest: str, use: Use, keys: Iterable[str]) -> bool:
    """Say whether this is the pass's digest under one of the keys, in a time that tells nothing."""
    match = _PASS.fullmatch(text)
    return match is not None and any(hmac.compare_digest(_digest(use, match[2], key), digest) for key in keys)


def form_token(secret: str) -> str:
    """Return what each form must bring back: what only a page of ours, shown to this person, can know."""
    return hmac.new(secret.encode(), _FORM, sha256).hexdigest()


def address_key(address: str, key: str) -> str:
    """Return by what it is remembered that somebody came from an address: a keyed hash of it."""
    return hmac.new(key.encode("utf-8", "surrogatepass"), _ADDRESS + address.encode(), sha256).hexdigest()[:32]


def session_ends_at(made_at: datetime, used_at: datetime) -> datetime:
    """Return when a session ends that isn't used again."""
    return min(made_at + time_limits.SESSION, used_at + time_limits.SESSION_IDLE)


def _digest(use: Use, secret: str, key: str) -> str:
    return hmac.new(key.encode("utf-8", "surrogatepass"), f"{use}{secret}".encode(), sha256).hexdigest()
