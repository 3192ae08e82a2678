"""Keeping other people's pages away from what listens on loopback and does what it is told.

A browser on this machine opens any page, and that page may send requests here. It can't choose what its browser says of
where they come from: https://fetch.spec.whatwg.org/#origin-header, https://w3c.github.io/webappsec-fetch-metadata/
"""

from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

LOOPBACK = ("127.0.0.1", "localhost")


def own_names(request: web.Request) -> set[str]:
    """Return what the server that took this request may be called, with its port."""
    if request.transport is None:
        return set()
    port = request.transport.get_extra_info("sockname")[1]
    return {f"{name}:{port}" for name in LOOPBACK}


@web.middleware
async def own_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 421 to a name that is not ours, and 403 to another origin's pages."""
    if request.host.partition(":")[0] not in LOOPBACK:
        # A name that somebody lets point here: its pages would be of our origin. The port may be a proxy's.
        return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST, text="Not a name of this server.\n")
    origin = request.headers.get(hdrs.ORIGIN)
    # Our own pages name no origin to anybody, not even to us, and their browser then says that they are ours.
    is_own = origin is None or origin in {f"http://{name}" for name in own_names(request)}
    if not is_own and request.headers.get("Sec-Fetch-Site") != "same-origin":
        return web.Response(status=HTTPStatus.FORBIDDEN, text="Not for pages of another origin.\n")
    return await handler(request)
