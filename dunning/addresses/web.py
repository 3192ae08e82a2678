"""Addresses on the web: what may stand in a setting that customers or secrets are sent to."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

# The characters that RFC 3986 allows in a URL. `urlsplit` silently drops tabs and line ends, and accepts anything else.
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
# The labels of a host name. None may hold a character that has a meaning in a Content-Security-Policy.
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)


@dataclass(frozen=True, slots=True)
class WebUrl:
    """A checked http or https URL.

    `text` has no trailing slash; `origin` is scheme, host and port as browsers write them.
    """

    text: str
    origin: str
    host: str
    query: str
    loopback: bool


def parse_web_url(text: str, *, query: bool = False) -> WebUrl:
    """Check a URL that must be https, or on this machine itself.

    Args:
        text: the URL.
        query: whether it may have a query.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    parts = split_url(text)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("it starts with neither https:// nor http://")
    host = check_host(parts)
    if parts.username is not None:
        raise ValueError("it holds a user name or password")
    if parts.fragment or "#" in text:
        raise ValueError("it has a fragment (#...)")
    if not query and "?" in text:
        raise ValueError("it has a query (?...)")
    loopback = is_loopback(host)
    if parts.scheme == "http" and not loopback:
        raise ValueError("it is http, which only an address of this machine itself may be")
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    if port not in {None, 443 if parts.scheme == "https" else 80}:
        shown = f"{shown}:{port}"
    origin = f"{parts.scheme}://{shown}"
    path = parts.path.rstrip("/")
    return WebUrl(
        text=f"{origin}{path}?{parts.query}" if parts.query else f"{origin}{path}",
        origin=origin,
        host=host,
        query=parts.query,
        loopback=loopback,
    )


def split_text(text: str) -> SplitResult:
    """Split a URL, whatever its port, and check its characters.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    if not _URL_CHARACTERS.fullmatch(text):
        raise ValueError("it holds a character that no URL may hold unescaped")
    try:
        return urlsplit(text)
    except ValueError:
        raise ValueError("it is no URL") from None


def split_url(text: str) -> SplitResult:
    """Split a URL, and check its characters and its port.

    Raises:
        ValueError: what is wrong with it, without quoting it.
    """
    parts = split_text(text)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port is no whole number from 1 to 65535")
    return parts


def check_host(parts: SplitResult) -> str:
    """Return the host in lower case, an IPv6 address without its brackets.

    Raises:
        ValueError: there is no host, or it is not a valid one.
    """
    host = parts.hostname
    if not host:
        raise ValueError("it names no host")
    if not _HOST_NAME.fullmatch(host) and not _is_ip(host):
        raise ValueError("its host is no host name")
    return host


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    if _is_ip(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
