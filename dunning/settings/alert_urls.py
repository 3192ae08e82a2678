"""`DUNNING_ALERT_URLS`: whom to tell without being asked, and what to ping for as long as all is well."""

import logging
import re
from dataclasses import dataclass
from importlib.util import find_spec

from pydantic import SecretStr

from dunning.addresses.web import parse_web_url

# A comma may also stand in a URL, say between two addresses. One that parts two URLs has a scheme behind it.
_BETWEEN = re.compile(r"\s*,\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_PING = "ping+"


@dataclass(frozen=True, slots=True)
class AlertUrls:
    """Where alerts go, and what is pinged. Each URL holds a secret."""

    tell: tuple[SecretStr, ...] = ()
    ping: tuple[SecretStr, ...] = ()


def parse_alert_urls(text: str) -> AlertUrls:
    """Read them.

    Raises:
        ValueError: one is none that can be told, or the extra isn't there that tells.
    """
    tell, ping = [], []
    for place, url in enumerate(_BETWEEN.split(text.rstrip(", ")), start=1):
        if url.startswith(_PING):
            ping.append(SecretStr(_pinged(url.removeprefix(_PING), place)))
        else:
            _check_told(url, place)
            tell.append(SecretStr(url))
    return AlertUrls(tuple(tell), tuple(ping))


def _pinged(url: str, place: int) -> str:
    try:
        return parse_web_url(url, query=True).text
    except ValueError as error:
        raise ValueError(f"its entry {place} can't be pinged: {error}") from None


def _check_told(url: str, place: int) -> None:
    if find_spec("apprise") is None:
        raise ValueError("it needs what this brings: pip install 'paddle-dunning[alerts]'")
    import apprise  # noqa: PLC0415 - an extra, and of use to who is told alone

    # It logs why, with the URL.
    logging.getLogger("apprise").disabled = True
    if apprise.Apprise.instantiate(url) is None:
        raise ValueError(f"its entry {place} is none that apprise knows")
