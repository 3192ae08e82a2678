"""The private side: `/v1` for the seller's own programs, and a screen. Nothing here may be reached by customers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import ClientSession, DummyCookieJar, hdrs, web
from aiohttp.typedefs import Handler

from console.api.problems import tell_problems
from console.api.routes import PREFIX, add_api
from console.hosts import check_host
from console.keys import BACKSTAGE, CAMPAIGNS, CLOCK, LINKS, PADDLE, SETTINGS, STORE, Clock
from console.monitoring import METRICS_PATH, show_metrics
from console.ports import Backstage
from console.screen.refusals import show_refusals
from console.screen.routes import add_screen
from dunning.casebook.campaigns import Campaigns
from dunning.errors import ConfigurationError
from dunning.links import Links
from dunning.paddle_api.client import PaddleClient
from dunning.settings.load import Settings
from dunning.store import Store, tell_until_reached

LARGEST_BODY_BYTES = 64 * 1024
LIVE_PATH = "/healthz"


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def create_app(settings: Settings, backstage: Backstage, *, clock: Clock = utc_now) -> web.Application:
    """Build the application.

    Raises:
        ConfigurationError: the settings name no Redis.
    """
    if settings.redis_url is None:
        raise ConfigurationError(["DUNNING_REDIS_URL is missing; it should be like redis://host:6379/0."])
    # No access log: a path names a customer, and who asks for whom is nobody's business.
    app = web.Application(
        client_max_size=LARGEST_BODY_BYTES,
        middlewares=[_tell_what_is_wrong, _answer_to_our_names],
        handler_args={"access_log": None},
    )
    app[SETTINGS] = settings
    app[BACKSTAGE] = backstage
    app[CLOCK] = clock
    app[LINKS] = Links([secret.get_secret_value() for secret in settings.link_secrets])
    app.cleanup_ctx.append(_connections)
    app.on_response_prepare.append(_keep_private)
    app.router.add_get(LIVE_PATH, _live)
    app.router.add_get(METRICS_PATH, show_metrics)
    add_api(app)
    add_screen(app)
    return app


@web.middleware
async def _tell_what_is_wrong(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell programs in JSON and people on a page."""
    tell = tell_problems if request.path.startswith(PREFIX) else show_refusals
    return await tell(request, handler)


@web.middleware
async def _answer_to_our_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request under a name that isn't ours. Whether the process lives may be asked under any."""
    if request.path != LIVE_PATH:
        check_host(request)
    return await handler(request)


async def _live(request: web.Request) -> web.Response:
    """Answer 200: the process lives."""
    del request
    return web.Response(text="ok\n")


async def _keep_private(_request: web.Request, response: web.StreamResponse) -> None:
    headers = {
        hdrs.CACHE_CONTROL: "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    for name, value in headers.items():
        response.headers.setdefault(name, value)


async def _connections(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    assert settings.redis_url is not None  # noqa: S101 - create_app has refused it
    redis_url = settings.redis_url.get_secret_value()
    store = Store.open(redis_url, rate_limit=settings.paddle.rate_limit)
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
        telling = asyncio.create_task(tell_until_reached(redis_url, app[CLOCK]))
        yield
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    await store.close()
