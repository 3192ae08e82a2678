"""Who may use the page: a browser on this machine that was given its address, and no page of anybody else's."""

from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from paddle_twin.own_origin import own_names

# Another origin's page can't set a header of its own without asking us first, and we never say yes.
OWN_HEADER = "X-Dunning-Page"

_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A mail is somebody else's HTML: no script, no network, an origin of its own. Its links open outside.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what does not come from the page itself."""
    if request.host not in own_names(request):
        # A name that somebody lets point here: its pages would be of our origin.
        return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST, text="Not a name of this page.\n")
    if request.method not in _SAFE and request.headers.get(OWN_HEADER) != "1":
        return web.Response(status=HTTPStatus.FORBIDDEN, text=f"Only with the header {OWN_HEADER}: 1.\n")
    return await handler(request)


async def protect(_request: web.Request, response: web.StreamResponse) -> None:
    """Say with every answer what a browser may do with it."""
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    for name, value in headers.items():
        response.headers.setdefault(name, value)
