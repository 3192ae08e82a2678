"""By which names the private side answers.

A page of somebody else's whose name is made to lead here (DNS rebinding) asks under that name, and browsers take it for
its own origin. So a name has to be known. An IP address can't be made to lead anywhere else.
"""

import ipaddress
import re

from aiohttp import web
from yarl import URL

from console.keys import SETTINGS

# Of what a name or an address with a port is written. With anything else, readers of it may see different ones.
_FORM = re.compile(r"[\w.:\[\]-]+", re.ASCII)
# What a request for no name of ours is told.
NOT_OURS = "Nothing is answered under this name: DUNNING_CONSOLE_URL and DUNNING_CONSOLE_NAMES say which there are."


def check_host(request: web.Request) -> None:
    """Refuse a request under a name that isn't known.

    Raises:
        HTTPMisdirectedRequest: it is none of ours.
    """
    host = _host(request.host)
    if host != "localhost" and host not in request.app[SETTINGS].console.names and not _is_address(host):
        raise web.HTTPMisdirectedRequest(reason=NOT_OURS)


def _host(given: str) -> str:
    """Return the name or address without a port; nothing where it is neither."""
    if not _FORM.fullmatch(given):
        return ""
    try:
        return URL(f"http://{given}").host or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
