"""Answers with a page, in the language and with the brand of the mail that led there."""

from aiohttp import hdrs, web

from dunning.language.choose import ENGLISH_TAG, find_language
from webhooks.keys import CLAIM, PAGES
from webhooks.pages import Page

# A browser asks for a handful.
_MOST_LANGUAGES = 10


def show_page(
    request: web.Request,
    page: Page,
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    stop_link: str = "",
    minutes: int = 0,
) -> web.Response:
    """Answer with a page: see `Pages.answer`."""
    language = language_of(request)
    return request.app[PAGES].answer(
        page, language, brand_of(request), status, headers, stop_link=stop_link, minutes=minutes
    )


def brand_of(request: web.Request) -> str:
    """Return the key of the brand of the mail whose link this is; of a link that says nothing, there is none."""
    claim = request.get(CLAIM)
    return claim.brand if claim else ""


def language_of(request: web.Request) -> str:
    """Return the language of the mail whose link this is, or else the browser's first that we have, or else English.

    The browser's stand in their order, whatever weights it gives them.
    """
    claim = request.get(CLAIM)
    asked = request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(",")[:_MOST_LANGUAGES]
    for tag in (claim.language if claim else "", *(one.partition(";")[0].strip() for one in asked)):
        if tag and (found := find_language(tag, "")):
            return found
    return ENGLISH_TAG
