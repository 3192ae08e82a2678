"""Svix's signature, which Resend puts on its webhooks. https://docs.svix.com/receiving/verifying-payloads/how-manual."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from dunning.errors import InvalidSignatureError

# What Svix's own libraries allow.
TOLERANCE = timedelta(minutes=5)
MAX_TIMESTAMP_DIGITS = 12


def verify_svix(body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime) -> None:
    """Check that `body` was signed with `secret`, which is `whsec_` and a key in base64, within `TOLERANCE` of `now`.

    Raises:
        InvalidSignatureError: whatever is wrong.
    """
    message_id, timestamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= MAX_TIMESTAMP_DIGITS):
        raise InvalidSignatureError("The svix-timestamp header is not a time in Unix seconds.")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((message_id.encode("utf-8", "surrogateescape"), timestamp.encode(), body))
    expected = base64.b64encode(hmac.new(key, signed, sha256).digest())
    claimed = [one.removeprefix("v1,") for one in headers.get("svix-signature", "").split() if one.startswith("v1,")]
    if not any(one.isascii() and hmac.compare_digest(one.encode(), expected) for one in claimed):
        raise InvalidSignatureError("No signature in the svix-signature header was made with our secret.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise InvalidSignatureError("The svix signature is right, but too old: is this machine's clock right?")
