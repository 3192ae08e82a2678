"""`DUNNING_OUT_WEBHOOKS`: the seller's own programs that are told what happens, each with its signing secrets.

A destination is `https://host/path#whsec_...`. While a secret is replaced there are two: `#whsec_NEW#whsec_OLD`.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pydantic import SecretStr

from dunning.addresses.web import parse_web_url

FORM: Final = "https://host/path#whsec_..., comma-separated"
MOST: Final = 10
_PREFIX = "whsec_"
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Signature scheme"
_SECRET_BYTES = range(24, 65)


@dataclass(frozen=True, slots=True)
class OutWebhook:
    """A destination. Its name tells its host alone, and stands in Redis, logs and lists; its URL may hold a secret."""

    name: str
    url: SecretStr
    keys: tuple[SecretStr, ...]
    """Each signs; the first is the newest. `whsec_` and base64."""


def parse_out_webhooks(text: str) -> tuple[OutWebhook, ...]:
    """Read them.

    Raises:
        ValueError: one is wrong, or there are too many.
    """
    found: list[OutWebhook] = []
    for place, entry in enumerate(text.rstrip(", ").split(","), start=1):
        try:
            found.append(_read(entry.strip()))
        except ValueError as error:
            raise ValueError(f"its entry {place} is wrong: {error}") from None
    if len({one.name for one in found}) < len(found):
        raise ValueError("it names a destination twice")
    secrets = [key for one in found for key in one.keys]
    if len(set(secrets)) < len(secrets):
        raise ValueError("it holds a secret twice, and each destination needs one of its own")
    if len(found) > MOST:
        raise ValueError(f"it names more than {MOST} destinations")
    return tuple(found)


def key_bytes(secret: SecretStr) -> bytes:
    """Return the key that a secret stands for."""
    encoded = secret.get_secret_value().removeprefix(_PREFIX)
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)


def _read(entry: str) -> OutWebhook:
    address, *secrets = entry.split("#")
    url = parse_web_url(address, query=True)
    if not secrets:
        raise ValueError("no secret stands behind its URL, after #")
    for secret in secrets:
        _check(secret)
    # The address as it was given: a slash at its end may matter to who listens there.
    name = f"{url.host}-{sha256(address.encode()).hexdigest()[:8]}"
    return OutWebhook(name, SecretStr(address), tuple(map(SecretStr, secrets)))


def _check(secret: str) -> None:
    if not secret.startswith(_PREFIX):
        raise ValueError("its secret does not begin with whsec_")
    try:
        length = len(key_bytes(SecretStr(secret)))
    except (binascii.Error, ValueError):
        raise ValueError("what follows whsec_ is not base64") from None
    if length not in _SECRET_BYTES:
        raise ValueError(f"its secret has {length} bytes, and needs 24 to 64")
