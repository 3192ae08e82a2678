"""Reads the link in a request's path, also where a mail program added the characters that followed it."""

from datetime import datetime

from aiohttp import web

from dunning.errors import ExpiredLinkError
from dunning.links import LinkClaim, Purpose
from webhooks.keys import CLAIM, LINKS

# No token ends in one of these.
_STANDS_BEHIND = "./)>]},;:!?'\""


def read_claim(request: web.Request, now: datetime, purpose: Purpose = Purpose.PAY) -> LinkClaim:
    """Return what the token says, and keep it with the request, for the page that answers it.

    Raises:
        InvalidLinkError: it is no link of ours, or not for this purpose.
        ExpiredLinkError: it is too old. Its page is in its language all the same.
    """
    try:
        claim = request.app[LINKS].verify(request.match_info["token"].rstrip(_STANDS_BEHIND), now, purpose)
    except ExpiredLinkError as expired:
        request[CLAIM] = LinkClaim("", expired.language, expired.brand)
        raise
    request[CLAIM] = claim
    return claim
