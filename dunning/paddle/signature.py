"""Tells Paddle's notifications from everybody else's: no I/O, no clock, and no input breaks it."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from dunning.errors import InvalidSignatureError

# Unix seconds have ten digits until the year 2286. The bound keeps int() from working on a header full of digits.
MAX_TIMESTAMP_DIGITS = 12


def verify_signature(
    body: bytes,
    header: str | None,
    *,
    secrets: Sequence[str],
    now: datetime,
    tolerance: timedelta,
) -> int:
    """Check that Paddle signed `body` with one of `secrets` no longer than `tolerance` before or after `now`.

    Returns the index of the secret that it was signed with, of several the first.

    The header is `ts=<unix seconds>;h1=<hex>`, with one h1 for each secret in force while one is being replaced;
    the HMAC-SHA256 is over `ts`, a colon and the raw body, its key the whole secret as it is shown.
    https://developer.paddle.com/webhooks/about/signature-verification

    Raises:
        InvalidSignatureError: whatever is wrong. It says what, and holds no secret and no digest.
    """
    if not header:
        raise InvalidSignatureError("There is no Paddle-Signature header.")
    timestamp, digests = _parse(header)
    # The digest is checked first, so that only somebody who knows a secret is told about a skewed clock.
    signed = timestamp.encode() + b":" + body
    matching = next((index for index, secret in enumerate(secrets) if _matches(signed, secret, digests)), None)
    if matching is None:
        raise InvalidSignatureError("No signature in the Paddle-Signature header was made with a secret of ours.")
    age = now.timestamp() - int(timestamp)
    if abs(age) > tolerance.total_seconds():
        direction = "ago" if age > 0 else "ahead"
        raise InvalidSignatureError(
            f"The signature is right, but was made {abs(age):.0f} s {direction}, and {tolerance.total_seconds():.0f} s"
            " are allowed: is this machine's clock right?"
        )
    return matching


def _parse(header: str) -> tuple[str, list[bytes]]:
    """Read the header's one timestamp and its digests. Unknown keys are ignored, since Paddle may add some."""
    timestamps: list[str] = []
    digests: list[bytes] = []
    for pair in header.split(";"):
        key, _, value = pair.partition("=")
        key, value = key.strip(), value.strip()
        if key == "ts":
            timestamps.append(value)
        elif key == "h1" and value.isascii():  # compare_digest raises on anything else
            digests.append(value.encode())
    if len(timestamps) != 1:
        raise InvalidSignatureError(f"The Paddle-Signature header has {len(timestamps)} ts; it should have one.")
    [timestamp] = timestamps
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= MAX_TIMESTAMP_DIGITS):
        raise InvalidSignatureError("The ts of the Paddle-Signature header is not a time in Unix seconds.")
    if not digests:
        raise InvalidSignatureError("The Paddle-Signature header has no h1.")
    return timestamp, digests


def _matches(signed: bytes, secret: str, digests: list[bytes]) -> bool:
    if not secret:  # anybody can sign with an empty key
        return False
    # surrogatepass: a secret read from the environment may hold bytes that are no UTF-8.
    key = secret.encode("utf-8", "surrogatepass")
    expected = hmac.digest(key, signed, "sha256").hex().encode()
    return any(hmac.compare_digest(expected, digest) for digest in digests)
