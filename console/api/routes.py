"""The API's routes: who may, what is asked, what is answered."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ValidationError

from console.api.authorize import authorize
from console.api.models import Changed
from console.api.openapi import document
from console.api.operations import OPERATIONS, Operation
from console.api.problems import ProblemError
from console.keys import CLOCK, STORE, TOKEN
from dunning.audit import Change, Way
from dunning.store import AuditEntry

PREFIX = "/v1/"

Handler = Callable[[web.Request], Awaitable[web.Response]]


def add_api(app: web.Application) -> None:
    """Add the operations, and the document that describes them."""
    app.router.add_get(f"{PREFIX}openapi.json", _describe, allow_head=False)
    for one in OPERATIONS:
        app.router.add_route(one.method, one.path, _handler(one))


def _handler(operation: Operation) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        await authorize(request, operation.scope)
        path = _read(operation.in_path, dict(request.match_info), "the path")
        query = _read(operation.query, _query(request), "the query")
        body = _read(operation.body, await _body(request), "the body")
        answer = await operation.handler(request, path, query, body)
        if operation.change is not None and answer != Changed(changed=False):
            await _note(request, operation.change)
        return web.json_response(text=answer.model_dump_json())

    return handle


async def _note(request: web.Request, change: Change) -> None:
    """Note who changed what. An id stands in the path; an address, which stands in a body, is noted nowhere."""
    app, about = request.app, next(iter(request.match_info.values()), "")
    await app[STORE].audit.note(AuditEntry(app[CLOCK](), request[TOKEN].name, Way.API, change, about))


def _read(model: type[BaseModel], given: object, where: str) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        (first, *_) = error.errors(include_input=False, include_context=False, include_url=False)
        named = ".".join(map(str, first["loc"]))
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{named or where}, in {where}: {first['msg']}") from None


def _query(request: web.Request) -> dict[str, str]:
    if len(request.query) != len(set(request.query)):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "A parameter is given twice.")
    return dict(request.query)


async def _body(request: web.Request) -> Any:  # noqa: ANN401 - whatever JSON it is
    body = await request.read()
    if not body:
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The body is no JSON.") from None


async def _describe(request: web.Request) -> web.Response:
    """Answer with the OpenAPI document, which is no secret."""
    del request
    return web.json_response(document())
