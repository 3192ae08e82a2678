"""The private side, for the seller's own programs. Nothing here may be reached by customers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, hdrs, web
from pydantic import BaseModel, ValidationError

from console.authorize import authorize
from console.keys import CAMPAIGNS, CLOCK, LINKS, PADDLE, SETTINGS, STORE, Clock
from console.openapi import document
from console.operations import OPERATIONS, Operation
from console.problems import ProblemError, tell_problems
from dunning.casebook.campaigns import Campaigns
from dunning.errors import ConfigurationError
from dunning.links import Links
from dunning.paddle_api.client import PaddleClient
from dunning.settings.load import Settings
from dunning.store import Store

LARGEST_BODY_BYTES = 64 * 1024

Handler = Callable[[web.Request], Awaitable[web.Response]]


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def create_app(settings: Settings, *, clock: Clock = utc_now) -> web.Application:
    """Build the application.

    Raises:
        ConfigurationError: the settings name no Redis.
    """
    if settings.redis_url is None:
        raise ConfigurationError(["DUNNING_REDIS_URL is missing; it should be like redis://host:6379/0."])
    # No access log: a path names a customer, and who asks for whom is nobody's business.
    app = web.Application(
        client_max_size=LARGEST_BODY_BYTES, middlewares=[tell_problems], handler_args={"access_log": None}
    )
    app[SETTINGS] = settings
    app[CLOCK] = clock
    app[LINKS] = Links([secret.get_secret_value() for secret in settings.link_secrets])
    app.cleanup_ctx.append(_connections)
    app.on_response_prepare.append(_keep_private)
    app.router.add_get("/healthz", _live)
    app.router.add_get("/v1/openapi.json", _describe, allow_head=False)
    for one in OPERATIONS:
        app.router.add_route(one.method, one.path, _handler(one))
    return app


def _handler(operation: Operation) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        await authorize(request, operation.scope)
        path = _read(operation.in_path, dict(request.match_info), "the path")
        query = _read(operation.query, _query(request), "the query")
        body = _read(operation.body, await _body(request), "the body")
        answer = await operation.handler(request, path, query, body)
        return web.json_response(text=answer.model_dump_json())

    return handle


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


async def _live(request: web.Request) -> web.Response:
    """Answer 200: the process lives."""
    del request
    return web.Response(text="ok\n")


async def _describe(request: web.Request) -> web.Response:
    """Answer with the OpenAPI document, which is no secret."""
    del request
    return web.json_response(document())


async def _keep_private(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"


async def _connections(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    assert settings.redis_url is not None  # noqa: S101 - create_app has refused it
    store = Store.open(settings.redis_url.get_secret_value(), rate_limit=settings.paddle.rate_limit)
    # No cookies: a session belongs to one customer, and this client serves them all.
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        app[STORE] = store
        app[CAMPAIGNS] = Campaigns(store, settings.campaigns)
        app[PADDLE] = PaddleClient(
            http,
            api_url=settings.paddle.api_url,
            api_key=settings.paddle.api_key.get_secret_value(),
            limiter=store.limiter,
        )
        yield
    await store.close()
