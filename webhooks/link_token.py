"""The token in a link's path, also where a mail program took what stands behind the link for a part of it."""

from aiohttp import web

# No token ends in one of these.
_STANDS_BEHIND = "./)>]},;:!?'\""


def token_of(request: web.Request) -> str:
    """Return the token, whatever it is, without what no token ends in."""
    return request.match_info["token"].rstrip(_STANDS_BEHIND)
