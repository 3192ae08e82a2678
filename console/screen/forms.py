"""What a person sends, once it is sure that a page of ours asked for it."""

from hmac import compare_digest
from http import HTTPStatus

from aiohttp import web
from multidict import MultiDictProxy

from console.screen.person import Person
from console.screen.refusals import RefusedError

FIELD = "form_token"

Form = MultiDictProxy[str]
FORM = web.RequestKey[Form]("form")
"""What was sent, for a handler of a POST."""


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
