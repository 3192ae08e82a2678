"""Read a request's body as far as a stranger may be trusted: not packed, not large, not slow."""

import asyncio
from datetime import timedelta

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

# Paddle's notifications are 2 to 11 KB; its Go SDK refuses them past 2 MB.
MAX_BODY_BYTES = 1024 * 1024


async def read_body(request: web.Request, within: timedelta) -> bytes:
    """Return the raw body, of which a signature was made.

    Raises:
        HTTPException: 415 for a packed body, 413 past `MAX_BODY_BYTES`, 408 past `within`, 400 for one that breaks off.
    """
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType(text="The body must not be encoded: send it without Content-Encoding.")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        # aiohttp has no read timeout of its own.
        async with asyncio.timeout(within.total_seconds()):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise web.HTTPRequestTimeout(
            text=f"The body must arrive within {within.total_seconds():g} s.", headers={hdrs.CONNECTION: "close"}
        ) from None
    except (ConnectionError, HttpProcessingError, web.RequestPayloadError):
        raise web.HTTPBadRequest(text="The body broke off.") from None
    return bytes(body)


def _too_large() -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(
        max_size=MAX_BODY_BYTES,
        actual_size=MAX_BODY_BYTES + 1,
        text=f"The body must be at most {MAX_BODY_BYTES} bytes.",
    )
