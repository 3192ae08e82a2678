"""Keeps other people's pages away from a server on loopback that does whatever it is asked.

A browser on this machine opens any page, and that page may send requests here. But the browser says where they come
from, and the page can't change that: https://fetch.spec.whatwg.org/#origin-header,
https://w3c.github.io/webappsec-fetch-metadata/
"""

from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

LOOPBACK = ("127.0.0.1", "localhost")


def own_names(request: web.Request) -> set[str]:
    """Return the names, with the port, of the server that took this request."""
    if request.transport is None:
        return set()
    port = request.transport.get_extra_info("sockname")[1]
    return {f"{name}:{port}" for name in LOOPBACK}


@web.middleware
async def own_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 421 to a name that is not ours, and 403 to another origin's pages."""
    if request.host.partition(":")[0] not in LOOPBACK:
        # Somebody may let their own name point here, and their pages would then have our origin. The port is not
        # checked, since it may be a proxy's.
        return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST, text="Not a name of this server.\n")
    origin = request.headers.get(hdrs.ORIGIN)
    # Our own pages have the policy no-referrer, so browsers send `Origin: null` for them. Sec-Fetch-Site then says that
    # they are ours.
    is_own = origin is None or origin in {f"http://{name}" for name in own_names(request)}
    if not is_own and request.headers.get("Sec-Fetch-Site") != "same-origin":
        return web.Response(status=HTTPStatus.FORBIDDEN, text="Not for pages of another origin.\n")
    return await handler(request)
