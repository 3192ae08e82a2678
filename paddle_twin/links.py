"""The twin's portal links, which lead to the twin itself."""

import secrets
from urllib.parse import urlencode

from paddle_twin.bodies import Json, stamp
from paddle_twin.tokens import make_token, read_token
from paddle_twin.world import World

OVERVIEW = "overview"
UPDATE = "update_subscription_payment_method"
CANCEL = "cancel_subscription"
VIEW = "view_subscription"


class Links:
    """Makes links and knows whose they are. `portal_url` is where they lead: another host than the twin's, if set."""

    def __init__(self, world: World) -> None:
        """Make links for the world's customers, with a key that no other twin has."""
        self.url = ""
        self.portal_url: str | None = None
        self.with_token = True
        self._world = world
        self._key = secrets.token_bytes(32)

    @property
    def login_url(self) -> str:
        """The login page, which is the same for everybody and never expires."""
        return f"{self.url}/login/{self._world.portal_id}"

    def session(self, customer_id: str, subscription_ids: list[str]) -> Json:
        """Make a portal session. All its links carry one token."""
        token = self._token(customer_id, "customer-portal-session")
        return {
            "id": self._world.new_id("cpls"),
            "customer_id": customer_id,
            "urls": {
                "general": {"overview": self.link(OVERVIEW, token=token)},
                "subscriptions": [
                    {"id": subscription_id}
                    | {action: self.link(action, subscription_id, token=token) for action in (CANCEL, UPDATE, VIEW)}
                    for subscription_id in subscription_ids
                ],
            },
            "created_at": stamp(self._world.clock()),
        }

    def management_urls(self, subscription: Json, *, signed_in: bool) -> Json:
        """Make the links that come with a subscription. One that is paid by invoice has no link to update a card."""
        token = self._token(subscription["customer_id"], "customer-portal-url") if signed_in else None
        is_automatic = subscription["collection_mode"] == "automatic"
        return {
            "update_payment_method": self.link(UPDATE, subscription["id"], token=token) if is_automatic else None,
            "cancel": self.link(CANCEL, subscription["id"], token=token),
            "view_subscription": self.link(VIEW, subscription["id"], token=token),
        }

    def link(self, action: str, subscription_id: str | None = None, *, token: str | None) -> str:
        """Make one link."""
        query = {"action": action, "subscription_id": subscription_id, "token": token}
        encoded = urlencode({name: value for name, value in query.items() if value is not None})
        return f"{self.portal_url or self.url}/{self._world.portal_id}?{encoded}"

    def whose(self, token: str) -> str | None:
        """Find the customer whom a token signs in, if it is alive."""
        return read_token(token, key=self._key, now=self._world.clock())

    def _token(self, customer_id: str, usage: str) -> str | None:
        if not self.with_token:
            return None
        return make_token(customer_id, key=self._key, usage=usage, at=self._world.clock())
