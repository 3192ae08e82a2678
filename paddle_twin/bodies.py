"""Paddle's entities as it writes them, in full: https://developer.paddle.com/api-reference/overview."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

# A month is 30 days here: nobody asks the twin for the date of a bill.
INTERVALS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}

_TAX_PERCENT = 25
_FEE_PERCENT = 5


def stamp(at: datetime) -> str:
    """Write a time as Paddle does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def customer(customer_id: str, *, name: str | None, email: str, locale: str, status: str, at: datetime) -> Json:
    """Write a customer."""
    return {
        "id": customer_id,
        "name": name,
        "email": email,
        "locale": locale,
        "marketing_consent": False,
        "custom_data": None,
        "status": status,
        "import_meta": None,
        "created_at": stamp(at),
        "updated_at": stamp(at),
    }


def address(address_id: str, customer_id: str, *, country: str, at: datetime) -> Json:
    """Write an address."""
    return {
        "id": address_id,
        "customer_id": customer_id,
        "description": None,
        "first_line": "1 Harbour Road",
        "second_line": None,
        "city": "Harbour",
        "postal_code": "1001",
        "region": None,
        "country_code": country,
        "custom_data": None,
        "status": "active",
        "import_meta": None,
        "created_at": stamp(at),
        "updated_at": stamp(at),
    }


def product(product_id: str, name: str, *, at: datetime) -> Json:
    """Write a product."""
    return {
        "id": product_id,
        "name": name,
        "type": "standard",
        "tax_category": "standard",
        "description": f"Everything {name} has to offer.",
        "image_url": None,
        "custom_data": None,
        "status": "active",
        "import_meta": None,
        "created_at": stamp(at),
        "updated_at": stamp(at),
    }


def price(price_id: str, product_id: str, *, amount: int, currency: str, interval: str, at: datetime) -> Json:
    """Write a price. `amount` is in minor units."""
    return {
        "id": price_id,
        "product_id": product_id,
        "name": f"Every {interval}",
        "description": f"Every {interval}",
        "type": "standard",
        "billing_cycle": {"interval": interval, "frequency": 1},
        "trial_period": None,
        "tax_mode": "internal",
        "unit_price": {"amount": str(amount), "currency_code": currency},
        "unit_price_overrides": [],
        "custom_data": None,
        "quantity": {"minimum": 1, "maximum": 1},
        "status": "active",
        "import_meta": None,
        "created_at": stamp(at),
        "updated_at": stamp(at),
    }


def subscription(
    subscription_id: str,
    *,
    customer_id: str,
    address_id: str,
    item_price: Json,
    item_product: Json,
    collection_mode: str,
    status: str,
    started_at: datetime,
) -> Json:
    """Write a subscription to one product, in its first period."""
    cycle = item_price["billing_cycle"]
    started, ends = stamp(started_at), stamp(started_at + INTERVALS[cycle["interval"]])
    return {
        "id": subscription_id,
        "status": status,
        "customer_id": customer_id,
        "address_id": address_id,
        "business_id": None,
        "currency_code": item_price["unit_price"]["currency_code"],
        "collection_mode": collection_mode,
        "billing_cycle": cycle,
        "billing_details": None,
        "current_billing_period": {"starts_at": started, "ends_at": ends},
        "scheduled_change": None,
        "items": [
            {
                "price": item_price,
                "product": item_product,
                "status": "active",
                "quantity": 1,
                "recurring": True,
                "trial_dates": None,
                "previously_billed_at": started,
                "next_billed_at": ends,
                "created_at": started,
                "updated_at": started,
            }
        ],
        "discount": None,
        "custom_data": None,
        "import_meta": None,
        "started_at": started,
        "first_billed_at": started,
        "next_billed_at": ends,
        "paused_at": None,
        "canceled_at": None,
        "created_at": started,
        "updated_at": started,
    }


def transaction(
    transaction_id: str, of_subscription: Json, *, item_id: str, checkout_url: str, billed_at: datetime
) -> Json:
    """Write the bill of a renewal."""
    item = of_subscription["items"][0]
    totals = _totals(int(item["price"]["unit_price"]["amount"]))
    sums = {name: totals[name] for name in ("subtotal", "tax", "discount", "total")}
    currency = of_subscription["currency_code"]
    rate = str(_TAX_PERCENT / 100)
    return {
        "id": transaction_id,
        "status": "billed",
        "origin": "subscription_recurring",
        "customer_id": of_subscription["customer_id"],
        "address_id": of_subscription["address_id"],
        "business_id": None,
        "subscription_id": of_subscription["id"],
        "collection_mode": of_subscription["collection_mode"],
        "currency_code": currency,
        "billing_details": None,
        "billing_period": of_subscription["current_billing_period"],
        "discount_id": None,
        "invoice_id": None,
        "invoice_number": None,
        "custom_data": None,
        "items": [{"price": item["price"], "quantity": 1, "proration": None}],
        "details": {
            "tax_rates_used": [{"tax_rate": rate, "totals": sums}],
            "totals": totals | {"currency_code": currency, "fee": None, "earnings": None},
            "adjusted_totals": {
                **{name: totals[name] for name in ("subtotal", "tax", "total", "grand_total", "grand_total_tax")},
                "fee": "0",
                "earnings": "0",
                "retained_fee": "0",
                "currency_code": currency,
            },
            "payout_totals": None,
            "adjusted_payout_totals": None,
            "line_items": [
                {
                    "id": item_id,
                    "price_id": item["price"]["id"],
                    "quantity": 1,
                    "proration": None,
                    "tax_rate": rate,
                    "totals": sums,
                    "unit_totals": sums,
                    "product": item["product"],
                }
            ],
        },
        "payments": [],
        "checkout": {"url": f"{checkout_url}?_ptxn={transaction_id}"},
        "billed_at": stamp(billed_at),
        "revised_at": None,
        "created_at": stamp(billed_at),
        "updated_at": stamp(billed_at),
    }


def payment(
    method_id: str, *, amount: str, card: Json | None, code: str | None, at: datetime, status: str | None = None
) -> Json:
    """Write a collection attempt: declined with `code`, captured without one, or in `status`. No card means PayPal."""
    return {
        "payment_attempt_id": str(uuid.uuid4()),
        "payment_method_id": method_id,
        "stored_payment_method_id": str(uuid.uuid4()),
        "amount": amount,
        "status": status or ("error" if code else "captured"),
        "error_code": code,
        "method_details": {
            "type": "card" if card else "paypal",
            "card": card,
            "paypal": None,
            "south_korea_local_card": None,
            "underlying_details": None,
        },
        "created_at": stamp(at),
        "captured_at": None if code or status else stamp(at),
    }


def card(last4: str, *, name: str | None, expires: int) -> Json:
    """Write a card, good until January of the year `expires`."""
    return {"type": "visa", "last4": last4, "expiry_month": 1, "expiry_year": expires, "cardholder_name": name}


def saved_method(method_id: str, of_transaction: Json, *, at: datetime) -> Json:
    """Write a payment method. Paddle says nothing of the card, nor of the subscription."""
    return {
        "id": method_id,
        "customer_id": of_transaction["customer_id"],
        "address_id": of_transaction["address_id"],
        "type": "card",
        "origin": "subscription",
        "saved_at": stamp(at),
        "updated_at": stamp(at),
    }


def settle(of_transaction: Json, *, invoice_id: str, invoice_number: str) -> None:
    """Write into a transaction that all of it is paid, less Paddle's fee."""
    details = of_transaction["details"]
    total = int(details["totals"]["total"])
    fee = total * _FEE_PERCENT // 100
    earned = {"fee": str(fee), "earnings": str(total - fee - int(details["totals"]["tax"]))}
    details["totals"] |= earned | {"balance": "0"}
    details["adjusted_totals"] |= earned
    details["payout_totals"] = details["totals"] | {"exchange_rate": "1", "fee_rate": "0.05"}
    of_transaction |= {"invoice_id": invoice_id, "invoice_number": invoice_number}


def _totals(total: int) -> Json:
    tax = total - total * 100 // (100 + _TAX_PERCENT)
    return {
        "subtotal": str(total - tax),
        "tax": str(tax),
        "discount": "0",
        "total": str(total),
        "grand_total": str(total),
        "grand_total_tax": str(tax),
        "credit": "0",
        "credit_to_balance": "0",
        "balance": str(total),
    }
