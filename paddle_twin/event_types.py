"""The types of event that Paddle lists: https://developer.paddle.com/api-reference/event-types/list-event-types."""

from paddle_twin.bodies import Json

_NAMES = {
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
}

EVENT_TYPES: dict[str, Json] = {
    f"{entity}.{what}": {
        "name": f"{entity}.{what}",
        "description": f"Occurs when this happens to a {entity.replace('_', ' ')}: {what.replace('_', ' ')}.",
        "group": entity.replace("_", " ").title(),
        "available_versions": [1],
    }
    for entity, whats in _NAMES.items()
    for what in whats.split()
}
