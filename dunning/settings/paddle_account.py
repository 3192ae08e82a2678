"""Which of Paddle's two environments an API key belongs to, and the addresses that follow from it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from dunning.addresses.web import WebUrl
from dunning.paddle.portal import LIVE_PORTAL, SANDBOX_PORTAL

# https://developer.paddle.com/api-reference/about/api-keys
LIVE_PREFIX = "pdl_live_"
SANDBOX_PREFIX = "pdl_sdbx_"
# https://developer.paddle.com/api-reference/about/api-keys
_KEY = re.compile(r"pdl_(live|sdbx)_apikey_[a-z\d]{26}_[a-zA-Z\d]{22}_[a-zA-Z\d]{3}")
KEY_LENGTH = 69
# https://developer.paddle.com/api-reference/about/authentication
LIVE_API = "https://api.paddle.com"
SANDBOX_API = "https://sandbox-api.paddle.com"

_LIVE_HOST = urlsplit(LIVE_API).hostname
_SANDBOX_HOST = urlsplit(SANDBOX_API).hostname
# Paddle's earlier names for its portal. The examples of its SDKs still use them.
_OLD_PORTALS = {
    "https://buyer-portal.paddle.com": LIVE_PORTAL,
    "https://sandbox-buyer-portal.paddle.com": SANDBOX_PORTAL,
}


@dataclass(frozen=True, slots=True)
class PaddleEnvironment:
    """Where the API is, where customers may be sent, and whether no real money moves."""

    api_url: str
    portal_origins: frozenset[str]
    sandbox: bool


def paddle_environment(api_key: str, url: WebUrl | None) -> PaddleEnvironment:
    """Return the addresses for a key. If `url` is given, it replaces that of Paddle's own API.

    Raises:
        ValueError: the key doesn't tell its environment, or the URL is of the other one.
    """
    host = url.host if url else None
    live = api_key.startswith(LIVE_PREFIX)
    sandbox = api_key.startswith(SANDBOX_PREFIX)
    if url is None and not live and not sandbox:
        raise ValueError(f"it is missing, and the API key starts with neither {LIVE_PREFIX} nor {SANDBOX_PREFIX}")
    if (sandbox and host == _LIVE_HOST) or (live and host == _SANDBOX_HOST):
        raise ValueError("it belongs to another environment than the API key")
    if not live and not sandbox:
        live, sandbox = host == _LIVE_HOST, host == _SANDBOX_HOST
    origins = {LIVE_PORTAL} if live else {SANDBOX_PORTAL} if sandbox else {LIVE_PORTAL, SANDBOX_PORTAL}
    if url and url.loopback:
        origins.add(url.origin)  # a stand-in for Paddle on this machine has its portal at the same place
    return PaddleEnvironment(
        api_url=url.text if url else SANDBOX_API if sandbox else LIVE_API,
        portal_origins=frozenset(origins),
        sandbox=sandbox,
    )


def check_key_shape(api_key: str, url: WebUrl | None) -> None:
    """Refuse a key that Paddle can't have made, such as one that was not copied to its end.

    A key without a prefix is of a time when keys had no shape. What stands in for Paddle may have keys of its own.

    Raises:
        ValueError: it is one.
    """
    is_paddles = url is None or url.host in {_LIVE_HOST, _SANDBOX_HOST}
    if is_paddles and api_key.startswith((LIVE_PREFIX, SANDBOX_PREFIX)) and not _KEY.fullmatch(api_key):
        raise ValueError(f"it is not shaped as Paddle's keys are, which have {KEY_LENGTH} characters")


def check_portal_page(url: str, environment: PaddleEnvironment) -> None:
    """Refuse a portal page of Paddle's other environment: no customer of this one can sign in there.

    Raises:
        ValueError: it is one. A page of the seller's own is accepted.
    """
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    portal = _OLD_PORTALS.get(origin, origin)
    if portal in {LIVE_PORTAL, SANDBOX_PORTAL} and portal not in environment.portal_origins:
        raise ValueError("it is a portal page that belongs to another environment than the API key")
