"""The event types Paddle has, so that a metric's labels stay few whatever a notification says."""

OTHER = "other"

# https://developer.paddle.com/webhooks/overview; an open set, and what is new counts as `other`.
KNOWN = frozenset(
    f"{entity}.{what}"
    for entity, whats in {
        "address": "created imported updated",
        "adjustment": "created updated",
        "api_key": "created expired expiring revoked updated",
        "api_key_exposure": "created",
        "api_key_rotation": "created updated",
        "business": "created imported updated",
        "client_token": "created revoked updated",
        "customer": "created imported updated",
        "discount": "created imported updated",
        "discount_group": "created updated",
        "payment_method": "deleted saved",
        "payout": "created paid",
        "price": "created imported updated",
        "product": "created imported updated",
        "report": "created updated",
        "subscription": "activated canceled created imported past_due paused resumed trialing updated",
        "transaction": "billed canceled completed created paid past_due payment_failed ready revised updated",
    }.items()
    for what in whats.split()
)


def label(event_type: str) -> str:
    """Return the type if it is known, else `other`."""
    return event_type if event_type in KNOWN else OTHER
