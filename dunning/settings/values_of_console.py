"""What the values of the private side's settings may be. Each function raises ValueError, without a value."""

import ipaddress
import re

from dunning.settings.console import LONGEST_NAME, Network
from dunning.settings.values import parse_host

# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# What a browser or a proxy writes there has a meaning already.
_TAKEN = frozenset({"authorization", "cookie", "host", "origin", "referer", "content-type", "content-length"})


def parse_header(text: str) -> str:
    """Read the name of a header."""
    if not _TOKEN.fullmatch(text):
        raise ValueError("it is no header's name")
    if text.lower() in _TAKEN or text.lower().startswith("sec-"):
        raise ValueError("it is a header that browsers fill in")
    return text


def parse_host_names(text: str) -> tuple[str, ...]:
    """Read host names, without ports."""
    names = [name.strip().lower() for name in text.split(",")]
    for name in names:
        if ":" in parse_host(name):
            raise ValueError("it holds a port, or is no host name")
    return tuple(names)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read IP addresses and networks."""
    try:
        networks = tuple(ipaddress.ip_network(one.strip()) for one in text.split(","))
    except ValueError:
        raise ValueError("it holds what is neither an IP address nor a network") from None
    if any(not network.prefixlen for network in networks):
        raise ValueError("it holds every address there is")
    return networks


def parse_people(text: str) -> tuple[str, ...]:
    """Read names of people."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not name or not name.isprintable() or len(name) > LONGEST_NAME:
            raise ValueError(f"it holds a name that is empty, longer than {LONGEST_NAME} characters or not printable")
    return tuple(names)
