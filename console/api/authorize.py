"""Lets programs in by their bearer tokens: https://www.rfc-editor.org/rfc/rfc6750."""

from http import HTTPStatus

from aiohttp import hdrs, web

from console.api.problems import ProblemError
from console.keys import CLOCK, STORE, TOKEN
from dunning.access_token import Scope, has_digest, token_id


async def authorize(request: web.Request, scope: Scope) -> None:
    """Let the request through if its token is good for `scope`, and keep the token with the request.

    Raises:
        ProblemError: there is no token, it is unknown or revoked, or not for this.
    """
    scheme, _, text = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    named = token_id(text.strip()) if scheme.lower() == "bearer" else None
    if named is None:
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "Send a token: Authorization: Bearer dunning_...")
    store = request.app[STORE]
    token = await store.tokens.find(named)
    if token is None or not has_digest(text.strip(), token.digest):
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "The token is unknown, or was revoked.")
    if scope not in token.scopes:
        raise ProblemError(HTTPStatus.FORBIDDEN, f"The token is not for this: it takes the scope {scope}.")
    await store.tokens.note_use(token, request.app[CLOCK]())
    request[TOKEN] = token
