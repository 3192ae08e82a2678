"""Notifications as Paddle sends them, of a made-up company."""

import json
from typing import Any


def paddle_id(prefix: str, letter: str = "a") -> str:
    """Make an id shaped like Paddle's."""
    return f"{prefix}_{letter * 26}"


def transaction(**changes: object) -> dict[str, Any]:
    """Give a transaction as Paddle sends it, with the parts about people and money that must not be kept."""
    return {
        "id": paddle_id("txn"),
        "items": [
            {"price": {"id": paddle_id("pri", "a"), "product_id": paddle_id("pro"), "name": "Plan"}, "quantity": 1},
            {"price": {"id": paddle_id("pri", "b"), "product_id": paddle_id("pro"), "name": "Seat"}, "quantity": 3},
        ],
        "origin": "subscription_recurring",
        "status": "past_due",
        "details": {"totals": {"grand_total": "4200", "currency_code": "EUR"}},
        "payments": [
            {
                "amount": "4200",
                "status": "error",
                "created_at": "2026-11-22T10:00:02.123456789Z",
                "error_code": "expired_card",
                "method_details": {"card": {"last4": "4242", "cardholder_name": "Ada Example"}},
            },
            {"amount": "4200", "status": "captured", "created_at": "2026-10-22T10:00:02Z", "error_code": None},
        ],
        "billed_at": "2026-11-22T10:00:00Z",
        "customer_id": paddle_id("ctm"),
        "currency_code": "EUR",
        "collection_mode": "automatic",
        "subscription_id": paddle_id("sub"),
        **changes,
    }


def subscription(**changes: object) -> dict[str, Any]:
    """Give a subscription as Paddle sends it."""
    return {
        "id": paddle_id("sub"),
        "status": "canceled",
        "customer_id": paddle_id("ctm"),
        "collection_mode": "automatic",
        "items": [{"product": {"name": "Plan"}}],
        **changes,
    }


def adjustment(**changes: object) -> dict[str, Any]:
    """Give a charge-back as Paddle sends it."""
    return {
        "id": paddle_id("adj"),
        "action": "chargeback",
        "status": "approved",
        "transaction_id": paddle_id("txn"),
        "subscription_id": paddle_id("sub"),
        "customer_id": paddle_id("ctm"),
        "reason": "Disputed by Ada",
        "totals": {"total": "4200"},
        **changes,
    }


def notification(event_type: str, data: object, **changes: object) -> bytes:
    """Give a notification around `data`."""
    return json.dumps(
        {
            "data": data,
            "event_id": paddle_id("evt"),
            "event_type": event_type,
            "occurred_at": "2026-11-22T10:00:03.000000Z",
            "notification_id": paddle_id("ntf"),
            **changes,
        }
    ).encode()
