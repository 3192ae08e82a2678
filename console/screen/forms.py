"""What a person sends, once it is sure that a page of ours asked for it."""

from hmac import compare_digest
from http import HTTPStatus

from aiohttp import hdrs, web
from multidict import MultiDictProxy

from console.screen.person import Person
from console.screen.refusals import RefusedError

FIELD = "form_token"
# What a browser says of a page of ours, and of an address that was typed: https://www.w3.org/TR/fetch-metadata/
_OWN = {"same-origin", "none"}

Form = MultiDictProxy[str]
FORM = web.RequestKey[Form]("form")
"""What was sent, for a handler of a POST."""


def check_origin(request: web.Request) -> None:
    """Refuse what the browser says another page sent. One that says nothing is asked for the token alone.

    Raises:
        RefusedError: another origin's page sent it.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    own = {f"{scheme}://{request.host}" for scheme in ("http", "https")}
    if (origin is not None and origin not in own) or request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN:
        raise RefusedError(HTTPStatus.FORBIDDEN, "Another page sent this. If it was ours, have the proxy pass on Host.")


async def read_form(request: web.Request) -> Form:
    """Return what was sent.

    Raises:
        RefusedError: it is no form, or holds a file.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "That was no form of ours.")
    try:
        sent = await request.post()
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "That form can't be read.") from None
    return MultiDictProxy(sent)  # type: ignore[arg-type] # a form of this type holds no file


def check_form_token(form: Form, person: Person) -> None:
    """Refuse a form that no page of ours showed to this person.

    Raises:
        RefusedError: it brings back another token, or none.
    """
    if not compare_digest(form.get(FIELD, "").encode(), person.form_token.encode()):
        raise RefusedError(HTTPStatus.FORBIDDEN, "This form is too old. Load its page anew, and send it again.")
