"""The history of subscriptions: who changed what, from where, and when.

https://developer.paddle.com/api-reference/subscription-history/list-subscription-history
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from paddle_twin.bodies import Json, stamp
from paddle_twin.filters import with_times

# What is done there, the customer does.
_BY_CUSTOMER = frozenset({"checkout", "customer_portal", "support_bot"})
_ACTORS = {"api": ("api_key", "apikey"), "dashboard": ("user", "usr")}


class History:
    """The entries. Paddle writes more kinds of them than the twin does."""

    def __init__(self, new_id: Callable[[str], str]) -> None:
        """Begin with none. `new_id` makes ids with a prefix."""
        self._new_id = new_id
        self._entries: list[Json] = []

    def note(self, subscription: Json, action: str, at: datetime, *, source: str = "system", **detail: object) -> None:
        """Write that something was changed."""
        self._entries.append(
            {
                "id": self._new_id("subhis"),
                "group_id": self._new_id("subhisgrp"),
                "subscription_id": subscription["id"],
                "occurred_at": stamp(at),
                "source": source,
                "actor": self._actor(subscription, source),
                "reason": None,
                "detail": {"action": action, **detail},
            }
        )

    def listed(self, subscription_id: str, query: Mapping[str, str]) -> list[Json]:
        """List a subscription's, filtered as the API filters them."""
        found = [
            entry
            for entry in self._entries
            if entry["subscription_id"] == subscription_id
            and all(
                name not in query or told in query[name].split(",")
                for name, told in (
                    ("action", entry["detail"]["action"]),
                    ("source", entry["source"]),
                    ("actor_type", entry["actor"]["type"]),
                    ("actor_id", entry["actor"]["id"]),
                    ("reason", entry["reason"]),
                )
            )
        ]
        return with_times(found, query, ("occurred_at",))

    def _actor(self, subscription: Json, source: str) -> Json:
        if source in _BY_CUSTOMER:
            return {"type": "customer", "id": subscription["customer_id"]}
        kind, prefix = _ACTORS.get(source, ("system", None))
        return {"type": kind, "id": None if prefix is None else self._new_id(prefix)}
