"""The twin's world, as the page shows it. Pure."""

from cli.demo.page.scene import Json, is_debt
from dunning.language.money import format_money

# Amounts are for the person at this page; the mails write them as their readers do.
_LOCALE = "en"


def customers(world: Json) -> list[Json]:
    """Return the customers with their subscriptions, in the order in which they came."""
    debts = {
        transaction["subscription_id"]: transaction for transaction in world["transactions"] if is_debt(transaction)
    }
    return [
        {
            "id": customer["id"],
            "name": customer["name"] or customer["email"],
            "email": customer["email"],
            "locale": customer["locale"],
            "subscriptions": [
                _subscription(found, debts.get(found["id"]))
                for found in world["subscriptions"]
                if found["customer_id"] == customer["id"]
            ],
        }
        for customer in world["customers"]
    ]


def webhooks(world: Json) -> list[Json]:
    """Return what the twin has sent, newest first."""
    return [
        {
            "at": sent["occurred_at"],
            "type": sent["event_type"],
            "entity_id": sent["entity_id"],
            "status": sent["status"],
            "answers": sent["answers"],
        }
        for sent in reversed(world["notifications"])
    ]


def names(world: Json) -> dict[str, str]:
    """Return the customers' names by their ids."""
    return {customer["id"]: customer["name"] or customer["email"] for customer in world["customers"]}


def price_of(transaction: Json) -> str:
    """Write a transaction's amount."""
    totals = transaction["details"]["totals"]
    return format_money(int(totals["grand_total"]), totals["currency_code"], _LOCALE)


def _subscription(subscription: Json, debt: Json | None) -> Json:
    (item, *_more) = subscription["items"]
    price = item["price"]["unit_price"]
    status = subscription["status"]
    return {
        "id": subscription["id"],
        "product": item["product"]["name"],
        "price": format_money(int(price["amount"]), price["currency_code"], _LOCALE),
        "interval": item["price"]["billing_cycle"]["interval"],
        "status": status.replace("_", " "),
        "code": debt["payments"][0]["error_code"] if debt and debt["payments"] else None,
        "can_decline": status == "active",
        "can_pay": debt is not None,
        "can_cancel": status != "canceled",
    }
