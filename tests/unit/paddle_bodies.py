"""Answers of Paddle's API, of the shape it gives them, about a made-up company's customers."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

CUSTOMER = "ctm_01jq3v9m5t8xw2c7h4k6n0p1rs"
SUBSCRIPTION = "sub_01jq3vb7d2f9g5h8k1m4n6p0qr"
OTHER_SUBSCRIPTION = "sub_01jq3vb7d2f9g5h8k1m4n6p0qs"
TRANSACTION = "txn_01jq3vcx8a4b7d9e2f5g6h0j1k"
OTHER_TRANSACTION = "txn_01jq3vcx8a4b7d9e2f5g6h0j1m"
PORTAL = "cpl_01jq3v8a1b2c3d4e5f6g7h8j9k"
SESSION = "cpls_01jq3vd0a1b2c3d4e5f6g7h8j9"
METHOD = "paymtd_01jq3ve2a3b4c5d6e7f8g9h0jk"
REQUEST_ID = "7e0bf51a-6d07-4a0e-9d5b-1f6b0b4a9c33"

CREATED_AT = datetime(2026, 3, 2, 9, 30, 0, tzinfo=UTC)
NAME = "Ingrid Halvorsen"
EMAIL = "ingrid.halvorsen@fjordlys.example"


def token(claims: object) -> str:
    """A portal token: a JWT, whose signature nobody but Paddle can check."""
    parts = ({"alg": "EdDSA", "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return "pga_" + ".".join([*encoded, "c2lnbmF0dXJl"])


TOKEN = token({"sub": CUSTOMER, "iat": 1772443800, "exp": 1772443800 + 86400})


def deep_link(action: str, subscription_id: str | None = None, *, with_token: str = TOKEN) -> str:
    subscription = f"&subscription_id={subscription_id}" if subscription_id else ""
    return f"https://customer-portal.paddle.com/{PORTAL}?action={action}{subscription}&token={with_token}"


def payment(**changes: object) -> dict[str, Any]:
    return {
        "payment_attempt_id": "4f0c8f9e-7a0e-4b57-8a55-0f6f6b8b1c11",
        "payment_method_id": METHOD,
        "stored_payment_method_id": "0b0d2c1e-5f5b-4a37-9b58-0e6f0a4b7d21",
        "amount": "2400",
        "status": "error",
        "error_code": "not_enough_balance",
        "method_details": {
            "type": "card",
            "card": {
                "type": "visa",
                "last4": "4242",
                "expiry_month": 4,
                "expiry_year": 2027,
                "cardholder_name": NAME,
            },
            "south_korea_local_card": None,
            "underlying_details": None,
        },
        "created_at": "2026-03-02T09:30:04.123456Z",
        "captured_at": None,
    } | changes


def line_item(product_name: str | None = "Nordlys Studio") -> dict[str, Any]:
    totals = {"subtotal": "1920", "tax": "480", "discount": "0", "total": "2400"}
    return {
        "id": "txnitm_01jq3vf0a1b2c3d4e5f6g7h8j9",
        "price_id": "pri_01jq3vg0a1b2c3d4e5f6g7h8j9",
        "quantity": 1,
        "totals": totals,
        "unit_totals": totals,
        "tax_rate": "0.25",
        "product": {"id": "pro_01jq3vh0a1b2c3d4e5f6g7h8j9", "name": product_name, "status": "active"},
    }


def totals(**changes: object) -> dict[str, Any]:
    return {
        "subtotal": "1920",
        "tax": "480",
        "discount": "0",
        "total": "2400",
        "grand_total": "2400",
        "fee": None,
        "credit": "0",
        "credit_to_balance": "0",
        "balance": "2400",
        "earnings": None,
        "currency_code": "USD",
    } | changes


def customer(**changes: object) -> dict[str, Any]:
    return {
        "id": CUSTOMER,
        "name": NAME,
        "email": EMAIL,
        "locale": "nb",
        "marketing_consent": False,
        "status": "active",
        "custom_data": None,
        "created_at": "2025-01-02T08:00:00.1Z",
        "updated_at": "2025-01-02T08:00:00.1Z",
        "import_meta": None,
    } | changes


def transaction(**changes: object) -> dict[str, Any]:
    return {
        "id": TRANSACTION,
        "status": "past_due",
        "customer_id": CUSTOMER,
        "address_id": "add_01jq3vj0a1b2c3d4e5f6g7h8j9",
        "business_id": None,
        "custom_data": None,
        "origin": "subscription_recurring",
        "collection_mode": "automatic",
        "subscription_id": SUBSCRIPTION,
        "currency_code": "USD",
        "billed_at": "2026-03-02T09:30:00.5Z",
        "created_at": "2026-03-02T09:30:01.5Z",
        "updated_at": "2026-03-02T09:30:05.123456789Z",
        "items": [],
        "details": {"totals": totals(), "line_items": [line_item()]},
        "payments": [payment()],
        "checkout": {"url": f"https://nordlys.example/pay?_ptxn={TRANSACTION}"},
        "customer": customer(),
        "address": {"id": "add_01jq3vj0a1b2c3d4e5f6g7h8j9", "first_line": "Storgata 1", "country_code": "NO"},
    } | changes


def subscription(**changes: object) -> dict[str, Any]:
    return {
        "id": SUBSCRIPTION,
        "status": "past_due",
        "customer_id": CUSTOMER,
        "currency_code": "USD",
        "collection_mode": "automatic",
        "scheduled_change": None,
        "items": [],
        "management_urls": {
            "update_payment_method": deep_link("update_subscription_payment_method", SUBSCRIPTION),
            "cancel": deep_link("cancel_subscription", SUBSCRIPTION),
        },
    } | changes


def page(*entities: object, next_url: str | None = None) -> dict[str, Any]:
    """A list. Paddle names a next page on the last one too."""
    pagination = {
        "per_page": 30,
        "next": next_url or "https://api.paddle.com/transactions?after=txn_01jq3vcx8a4b7d9e2f5g6h0j1k",
        "has_more": next_url is not None,
        "estimated_total": len(entities),
    }
    return {"data": list(entities), "meta": {"request_id": REQUEST_ID, "pagination": pagination}}


def portal_session(*subscription_ids: str, **changes: object) -> dict[str, Any]:
    data = {
        "id": SESSION,
        "customer_id": CUSTOMER,
        "urls": {
            "general": {"overview": deep_link("overview")},
            "subscriptions": [
                {
                    "id": subscription_id,
                    "cancel_subscription": deep_link("cancel_subscription", subscription_id),
                    "update_subscription_payment_method": deep_link(
                        "update_subscription_payment_method", subscription_id
                    ),
                    "view_subscription": deep_link("view_subscription", subscription_id),
                }
                for subscription_id in subscription_ids
            ],
        },
        "created_at": "2026-03-02T09:30:00Z",
    } | changes
    return {"data": data, "meta": {"request_id": REQUEST_ID}}


def error(code: str, **changes: object) -> dict[str, Any]:
    found = {
        "type": "request_error",
        "code": code,
        "detail": f"Something about {EMAIL}.",
        "documentation_url": f"https://developer.paddle.com/errors/shared/{code}",
    } | changes
    return {"error": found, "meta": {"request_id": REQUEST_ID}}
