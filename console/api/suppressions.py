"""Addresses that get no mail. One comes in a body, so that it is in no path and no log, and none goes out."""

from http import HTTPStatus

from aiohttp import web

from console.api.models import Changed, MailAddress, Nothing, Suppressions
from console.api.problems import ProblemError
from console.keys import CLOCK, SETTINGS, STORE
from dunning.casebook import as_json
from dunning.casebook.suppress import mail_again, suppressed
from dunning.casebook.suppress import suppress as suppress_address
from dunning.errors import NotMailableError


async def list_all(request: web.Request, _path: Nothing, _query: Nothing, _body: Nothing) -> Suppressions:
    """Count them by reason."""
    return Suppressions.model_validate(as_json.suppressed(await suppressed(request.app[STORE])))


async def suppress(request: web.Request, _path: Nothing, _query: Nothing, body: MailAddress) -> Changed:
    """Suppress one.

    Raises:
        ProblemError: it is no address.
    """
    store, now = request.app[STORE], request.app[CLOCK]()
    try:
        return Changed(changed=await suppress_address(store, body.address, _secrets(request), now))
    except NotMailableError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None


async def take_off(request: web.Request, _path: Nothing, _query: Nothing, body: MailAddress) -> Changed:
    """Take one off.

    Raises:
        ProblemError: it is no address.
    """
    try:
        return Changed(changed=await mail_again(request.app[STORE], body.address, _secrets(request)))
    except NotMailableError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None


def _secrets(request: web.Request) -> list[str]:
    return [secret.get_secret_value() for secret in request.app[SETTINGS].link_secrets]
