"""Read a request's body, which may come from a stranger: not encoded, not large, not slow, not too many at once."""

import asyncio
from datetime import timedelta

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from webhooks.body_budget import Body, NoRoomError
from webhooks.keys import BODIES, METRICS, SPARING_LOG

# Paddle's notifications are 2 to 11 KB; its Go SDK refuses them past 2 MB.
MAX_BODY_BYTES = 1024 * 1024

RETRY_AFTER_SECONDS = 5


async def read_body(request: web.Request, within: timedelta) -> bytes:
    """Return the raw body: signatures are made over these bytes.

    Raises:
        HTTPException: 415 for an encoded body, 413 past `MAX_BODY_BYTES`, 408 past `within`, 400 for one that breaks
            off, 503 for one that is large while many are read.
    """
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType(text="The body must not be encoded: send it without Content-Encoding.")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    if request.content.is_eof() and request.content.exception() is None:
        return _all_here(request)
    try:
        # aiohttp has no read timeout of its own.
        async with asyncio.timeout(within.total_seconds()) as patience:
            with request.app[BODIES].reading(patience) as body:
                return await _read(request, body)
    except NoRoomError:
        raise _no_room(request) from None
    except TimeoutError:
        if body.evicted:
            raise _no_room(request) from None
        raise web.HTTPRequestTimeout(
            text=f"The body must arrive within {within.total_seconds():g} s.", headers={hdrs.CONNECTION: "close"}
        ) from None
    except (ConnectionError, HttpProcessingError, web.RequestPayloadError):
        raise web.HTTPBadRequest(text="The body broke off.") from None


def _all_here(request: web.Request) -> bytes:
    """Return a body that came with its head, as Paddle's do: there is nothing to wait for, nor to share memory with."""
    content = request.content.read_nowait()
    if len(content) > MAX_BODY_BYTES:
        raise _too_large()
    return content


async def _read(request: web.Request, body: Body) -> bytes:
    while not request.content.at_eof():
        body.add(await request.content.readany())
        if len(body.content) > MAX_BODY_BYTES:
            raise _too_large()
    body.check()
    return bytes(body.content)


def _no_room(request: web.Request) -> web.HTTPServiceUnavailable:
    request.app[METRICS].count_turned_away("bodies")
    request.app[SPARING_LOG].warning("http.turned_away", "bodies", why="bodies")
    return web.HTTPServiceUnavailable(
        text="There is no room for so large a body now: try again.",
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_SECONDS), hdrs.CONNECTION: "close"},
    )


def _too_large() -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(
        max_size=MAX_BODY_BYTES,
        actual_size=MAX_BODY_BYTES + 1,
        text=f"The body must be at most {MAX_BODY_BYTES} bytes.",
    )
