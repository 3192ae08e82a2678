"""What Paddle recorded of the changes to a subscription: what was changed, when, and where that came from.

It records since 2026-06-29. The charges of a renewal are no changes, and are not among them.
https://developer.paddle.com/api-reference/subscription-history
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, ValidationError

from dunning.paddle.shapes import Answer

# The payment method on the subscription was changed, or it got one.
METHOD_CHANGES = frozenset({"subscription_payment_method_added", "subscription_payment_method_updated"})


class Source(StrEnum):
    """Where a change came from. An open set: there are others, and there will be more."""

    SYSTEM = "system"
    """A process of Paddle's own."""
    API = "api"
    DASHBOARD = "dashboard"
    CUSTOMER_PORTAL = "customer_portal"
    CHECKOUT = "checkout"
    SUPPORT_BOT = "support_bot"
    """Paddle.net, where customers look up what they pay."""
    RETAIN = "retain"
    """Paddle Retain, which asks customers to pay by itself."""


class HistoryEntry(NamedTuple):
    """One change. `action` and `source` are Paddle's words."""

    at: datetime
    action: str
    source: str


class _Detail(Answer):
    action: str


class _Entry(Answer):
    occurred_at: AwareDatetime
    source: str
    detail: _Detail


def read_history(entities: Iterable[bytes]) -> list[HistoryEntry]:
    """Read entries, each from its JSON. One that lacks what we need is left out."""
    found: list[HistoryEntry] = []
    for entity in entities:
        try:
            entry = _Entry.model_validate_json(entity)
        except ValidationError:
            continue
        found.append(HistoryEntry(entry.occurred_at, entry.detail.action, entry.source))
    return found
