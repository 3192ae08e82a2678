"""What the values of single settings may be. Each function raises ValueError saying what is wrong, without a value."""

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs

from pydantic import SecretStr

from dunning.addresses.mailbox import parse_mailbox
from dunning.addresses.web import WebUrl, parse_web_url
from dunning.durations import parse_duration
from dunning.rules.breaker import Breaker

# The secrets key an HMAC of SHA-256, whose digest has 32 bytes. A shorter secret is easier to guess than a digest is to
# forge.
LINK_SECRET_LENGTH = 32
# Only one in 26 million texts of 32 random hexadecimal digits has fewer different characters. A text that was typed
# just to fill the place has fewer.
DIFFERENT_CHARACTERS = 8

# The placeholders in our examples and documents. Everybody can read them, so none may serve as a secret.
_PLACEHOLDER = re.compile(
    r"(?i:replace[_-]?me|change[_-]?me)|\.\.\.|…|YOUR-HOST|//(?:KEY|TOKEN|USER:PASSWORD|user:password@mail\.example\.com)(?=[@:/?]|\Z)"
)
# https://developer.paddle.com/webhooks/about/signature-verification
_WEBHOOK_SECRET = "pdl_ntfset_"  # noqa: S105 - what every such secret begins with
_DESTINATION_ID = "ntfset_"
# All of Paddle's secrets begin with this, API keys included: https://developer.paddle.com/api-reference/about/api-keys
_PADDLES = "pdl_"
# https://developer.paddle.com/paddle-js/client-side-tokens
_CLIENT_SIDE_TOKENS = ("live_", "test_")
_CLIENT_SIDE_TOKEN = re.compile(r"(live|test)_[0-9a-f]{27}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")


Switch = Literal["on", "off"]


class LinkMint(StrEnum):
    """When a portal session is made."""

    CLICK = "click"
    SEND = "send"


def check_filled_in(text: str) -> None:
    """Refuse a placeholder that stands in an example for the value."""
    if _PLACEHOLDER.search(text):
        raise ValueError("it still holds a placeholder of an example, such as replace_me or three dots")


def parse_api_key(text: str) -> SecretStr:
    """Read a Paddle API key."""
    _check_token(text)
    if text.startswith(_CLIENT_SIDE_TOKENS):
        raise ValueError("it is a client-side token")
    if text.startswith((_WEBHOOK_SECRET, _DESTINATION_ID)):
        raise ValueError("it is the secret or the id of a notification destination")
    return SecretStr(text)


def parse_webhook_secrets(text: str) -> tuple[SecretStr, ...]:
    """Read the secrets of notification destinations."""
    secrets = _listed(text)
    for secret in secrets:
        if secret.startswith(_DESTINATION_ID):
            raise ValueError("it holds a destination's id, not its secret")
        if secret.startswith(_PADDLES) and not secret.startswith(_WEBHOOK_SECRET):
            raise ValueError("it holds an API key, not a destination's secret")
        if secret.startswith(_CLIENT_SIDE_TOKENS):
            raise ValueError("it holds a client-side token, not a destination's secret")
        _check_variety(secret.removeprefix(_WEBHOOK_SECRET))
    return tuple(map(SecretStr, secrets))


def parse_link_secrets(text: str) -> tuple[SecretStr, ...]:
    """Read the secrets that payment links are signed with."""
    secrets = _listed(text)
    for secret in secrets:
        if secret.startswith((_PADDLES, _DESTINATION_ID)) or _CLIENT_SIDE_TOKEN.fullmatch(secret):
            raise ValueError("it holds a key, secret or id of Paddle's, which others know")
        if len(secret) < LINK_SECRET_LENGTH:
            raise ValueError("it holds a secret that is too short")
        _check_variety(secret)
    return tuple(map(SecretStr, secrets))


def parse_tolerance(text: str) -> timedelta:
    """Read how far a signature's time may be from now."""
    try:
        tolerance = parse_duration(text)
    except ValueError:
        raise ValueError("it is no duration") from None
    if not tolerance:
        raise ValueError("it would let no notification in")
    return tolerance


def parse_link_mint(text: str) -> LinkMint:
    """Read when a portal session is made."""
    try:
        return LinkMint(text)
    except ValueError:
        raise ValueError("it is not known") from None


def parse_positive(text: str) -> int:
    """Read a whole number from 1."""
    number = _whole(text)
    if number < 1:
        raise ValueError("it is less than 1")
    return number


def parse_port(text: str) -> int:
    """Read a port to listen on; 0 lets the system choose one."""
    number = _whole(text)
    if number > 65_535:  # noqa: PLR2004 - ports have 16 bits
        raise ValueError("it is too large")
    return number


def parse_host(text: str) -> str:
    """Read an address to listen on."""
    if not _HOST.fullmatch(text):
        raise ValueError("it is neither an IP address nor a host name")
    return text


def parse_switch(text: str) -> Switch:
    """Read whether something is on."""
    if text == "on":
        return "on"
    if text == "off":
        return "off"
    raise ValueError("it is neither on nor off")


def parse_breaker(text: str) -> Breaker:
    """Read the breaker's limit."""
    if text == "auto":
        return "auto"
    if text == "off":
        return "off"
    return parse_positive(text)


def parse_public_url(text: str) -> str:
    """Read where customers reach us."""
    url = parse_web_url(text)
    if url.text != url.origin:
        raise ValueError("it has a path, and links begin right behind the host, with /pay")
    return url.text


def parse_portal_login_url(text: str) -> str:
    """Read the portal's login page."""
    url: WebUrl = parse_web_url(text, query=True)
    if "token" in parse_qs(url.query, keep_blank_values=True):
        raise ValueError("it holds a token, so it is one customer's own link, which expires")
    return url.text


def parse_address(text: str) -> str:
    """Read one mail address, with or without a name."""
    return parse_mailbox(text).address


def parse_folder(text: str) -> Path:
    """Read the path of a folder that is there."""
    path = Path(text)
    try:
        found = path.is_dir()
    except OSError as error:
        raise ValueError(f"the folder can't be looked into ({error.strerror})") from None
    if not found:
        raise ValueError("there is no such folder")
    return path


def _listed(text: str) -> list[str]:
    secrets = [secret.strip() for secret in text.split(",")]
    for secret in secrets:
        _check_token(secret)
    return secrets


def _check_variety(secret: str) -> None:
    if len(set(secret)) < min(len(secret) // 2, DIFFERENT_CHARACTERS):
        raise ValueError("it holds a secret of few different characters, which is easy to guess")


def _check_token(text: str) -> None:
    if not text:
        raise ValueError("it has nothing before or after a comma")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it holds a space, a line end or a letter outside ASCII")


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError("it is no whole number")
    return int(text)
