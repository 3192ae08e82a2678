"""Paddle's customer portal: a session's links, and whether one is safe to send a browser to.

The token in every link opens the customer's whole account (cards, subscriptions, cancellation), so no link, and no part
of one, is ever shown by a repr or an error.
https://developer.paddle.com/api-reference/customer-portals/create-customer-portal-session
"""

import base64
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, Field

from dunning.errors import PermanentError, UnsafePortalUrlError

LIVE_PORTAL = "https://customer-portal.paddle.com"
SANDBOX_PORTAL = "https://sandbox-customer-portal.paddle.com"

# Paddle gives no figure; every token seen lives `exp - iat` = 86,400 s.
TOKEN_LIFETIME = timedelta(hours=24)
_LAST_CREATED_AT = datetime.max.replace(tzinfo=UTC) - TOKEN_LIFETIME

# The characters that RFC 3986 allows in a URL. With others, browsers would see another URL than the one we check: they
# drop tabs, and read "\" as "/".
_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


@dataclass(frozen=True, slots=True)
class PortalLinks:
    """The deep links for one subscription. All carry the same token and the same rights: `action` is only a hint."""

    subscription_id: str
    update_payment_method: str = field(repr=False)
    cancel: str = field(repr=False)
    view: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PortalSession:
    """A portal session: made when it is needed, used once, kept nowhere."""

    id: str
    customer_id: str
    created_at: datetime = field(repr=False)
    overview: str = field(repr=False)
    subscriptions: tuple[PortalLinks, ...]

    @property
    def expires_at(self) -> datetime:
        """When the links stop working: as the token says, else 24 h after the session was made."""
        return _token_expiry(self.overview) or min(self.created_at, _LAST_CREATED_AT) + TOKEN_LIFETIME

    def links(self, subscription_id: str) -> PortalLinks:
        """Find a subscription's links by its id: Paddle promises no order.

        Raises:
            PermanentError: The session was made without this subscription.
        """
        for links in self.subscriptions:
            if links.subscription_id == subscription_id:
                return links
        raise PermanentError(f"Portal session {self.id} has no links for {subscription_id}.")

    def update_link(self, subscription_id: str, origins: Collection[str]) -> str:
        """Give the link to the subscription's *update payment method* page.

        Raises:
            PermanentError: The session was made without this subscription.
            UnsafePortalUrlError: The link must not be followed: see `check_deep_link`.
        """
        return check_deep_link(self.links(subscription_id).update_payment_method, origins=origins)


def check_deep_link(url: str, *, origins: Collection[str]) -> str:
    """Return `url` if a browser may be sent there: on one of `origins`, and signed in by a token.

    Origins are spelled as browsers do: `https://host`, with `:port` only where it is not the scheme's own.

    Raises:
        UnsafePortalUrlError: The URL is anything else. The error does not hold it.
    """
    if not _URL.fullmatch(url):
        raise UnsafePortalUrlError("The portal link has characters that belong in no URL.")
    try:
        parts = urlsplit(url)
    except ValueError:
        # No cause: it would hold a part of the link.
        raise UnsafePortalUrlError("The portal link is not a URL.") from None
    if parts.scheme not in {"https", "http"}:
        raise UnsafePortalUrlError("The portal link is not an https link.")
    if "@" in parts.netloc:
        raise UnsafePortalUrlError("The portal link names a user before its host.")
    if f"{parts.scheme}://{parts.netloc.lower()}" not in origins:
        raise UnsafePortalUrlError("The portal link leads to a host that is not Paddle's customer portal.")
    # A key without the right permission may be given links without a token, which end at a login wall.
    if not any(token.strip() for token in parse_qs(parts.query).get("token", [])):
        raise UnsafePortalUrlError("The portal link has no token: the customer would meet a login page.")
    return url


class _Claims(BaseModel):
    """The one claim of the token that we read. Up to the last second of the year 9999, where datetime ends."""

    exp: Annotated[float, Field(ge=0, le=253_402_300_799)]


def _token_expiry(url: str) -> datetime | None:
    """Read when a link's token expires: `pga_` and a JWT, whose signature only Paddle needs to check."""
    try:
        token = parse_qs(urlsplit(url).query)["token"][0]
        payload = token.split(".")[1]
        claims = _Claims.model_validate_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, LookupError):
        return None
    return datetime.fromtimestamp(claims.exp, UTC)
