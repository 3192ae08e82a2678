"""The token of a portal link: whoever holds it is signed in as the customer, for 24 hours."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import datetime, timedelta

from paddle_twin.bodies import Json

LIFETIME = timedelta(hours=24)


def make_token(customer_id: str, *, key: bytes, usage: str, at: datetime) -> str:
    """Make a token like Paddle's: `pga_` and a JWT that lives 24 hours."""
    claims = {
        "id": str(uuid.uuid4()),
        "seller-id": "10001",
        "type": "standard",
        "version": "1",
        "usage": usage,
        "scope": "customer.read customer.update subscription.read subscription.update subscription.cancel",
        "iss": "customer-portal",
        "sub": customer_id,
        "iat": int(at.timestamp()),
        "exp": int((at + LIFETIME).timestamp()),
    }
    signed = f"{_encoded({'alg': 'EdDSA', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"pga_{signed}.{_signature(signed, key)}"


def read_token(token: str, *, key: bytes, now: datetime) -> str | None:
    """Return the id of the customer whose token it is, or None if it is not ours or has expired."""
    signed, _, signature = token.removeprefix("pga_").rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, key).encode()):
        return None
    payload = signed.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["sub"]) if claims["exp"] > now.timestamp() else None


def _encoded(part: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _signature(signed: str, key: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), hashlib.sha512)).decode().rstrip("=")
