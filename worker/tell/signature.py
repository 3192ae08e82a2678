"""Standard Webhooks' signature, which goes out with every out-webhook.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256


def signed_headers(event_id: str, body: bytes, at: datetime, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of one try.

    Args:
        event_id: the same at each try. It holds no full stop.
        body: as it is sent.
        at: when this try is made.
        keys: each signs, so that a secret can be replaced while both ends know the old one and the new one.
    """
    seconds = str(int(at.timestamp()))
    content = b".".join((event_id.encode(), seconds.encode(), body))
    signatures = [base64.b64encode(hmac.new(key, content, sha256).digest()).decode() for key in keys]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
