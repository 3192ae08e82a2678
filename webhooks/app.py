"""The HTTP edge: Paddle's notifications in, payment links out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import ClientSession, DummyCookieJar, web

from dunning.errors import ConfigurationError
from dunning.language.own import Languages
from dunning.links import Links
from dunning.paddle_api.client import PaddleClient
from dunning.settings.load import Settings
from dunning.store import Role, Store, tell_until_reached
from dunning.watch.watcher import watch_forever
from webhooks import health, mail_events, pay, receive, stop
from webhooks.body import MAX_BODY_BYTES
from webhooks.body_budget import BodyBudget
from webhooks.deadlines import Deadlines
from webhooks.keys import (
    BODIES,
    CLOCK,
    DEADLINES,
    LIMITS,
    LINKS,
    METRICS,
    PADDLE,
    PAGES,
    SETTINGS,
    SPARING_LOG,
    STORE,
    Clock,
)
from webhooks.limits import Limits
from webhooks.looks import looks_of
from webhooks.metrics import Metrics
from webhooks.pages import Pages
from webhooks.sparing_log import SparingLog
from webhooks.surroundings import ServerLogger

# How long the rest of a refused body is read and thrown away, so that its sender can read the answer.
LINGER_SECONDS = 2.0

# aiohttp buffers twice this for a handler that does not read, and whatever comes at once beyond it.
READ_BUFFER_BYTES = 32 * 1024


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def create_app(
    settings: Settings, *, clock: Clock = utc_now, deadlines: Deadlines | None = None, limits: Limits | None = None
) -> web.Application:
    """Build the application. It starts and answers even if Redis and Paddle don't.

    `webhooks.door.EdgeRunner`, which runs it, limits the connections and the time that strangers may take, counts
    answers and catches failures.

    Raises:
        ConfigurationError: the settings name no Redis.
    """
    if settings.redis_url is None:
        raise ConfigurationError(["DUNNING_REDIS_URL is missing; it should be like redis://host:6379/0."])
    limits = limits or Limits()
    sparing_log = SparingLog()
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        # These override what a runner says. There is no access log, since whoever knows the path of a payment link may
        # use the link. Bodies are not decompressed, since even a refused one would be.
        handler_args={
            "access_log": None,
            "auto_decompress": False,
            "lingering_time": LINGER_SECONDS,
            "logger": ServerLogger("webhooks", sparing_log),
            "read_bufsize": READ_BUFFER_BYTES,
        },
    )
    app[SETTINGS] = settings
    app[CLOCK] = clock
    app[DEADLINES] = deadlines or Deadlines()
    app[LIMITS] = limits
    app[BODIES] = BodyBudget(limits.bodies_bytes)
    app[SPARING_LOG] = sparing_log
    app[METRICS] = Metrics()
    app[LINKS] = Links([secret.get_secret_value() for secret in settings.link_secrets])
    app[PAGES] = Pages(
        Languages(settings.templates),
        looks_of(
            settings.brands,
            mail_from=settings.mail_from,
            reply_to=settings.mail_reply_to,
            login_url=settings.portal_login_url,
            portal_origins=settings.paddle.portal_origins,
            templates=settings.templates,
        ),
        settings.templates,
    )
    app.cleanup_ctx.append(_connections)
    app.add_routes(
        [
            web.post("/webhooks/paddle", receive.receive),
            # Everything below /pay/: a link that a mail program mangled deserves a page too.
            web.get("/pay/stop/{token:(?s:.+)}", stop.show),
            web.post("/pay/stop/{token:(?s:.+)}", stop.stop),
            web.get("/pay/{token:(?s:.+)}", pay.show),
            web.post("/pay/{token:(?s:.+)}", pay.click),
            web.post("/mail/{provider}", mail_events.receive_mail_event),
            web.get("/healthz", health.live),
            web.get("/readyz", health.ready),
        ]
    )
    if settings.public_metrics:
        app.router.add_get("/metrics", health.show_metrics)
    return app


async def _connections(app: web.Application) -> AsyncIterator[None]:
    """Open what the handlers share, and close it when the application stops. Nothing connects before it is used."""
    settings = app[SETTINGS]
    assert settings.redis_url is not None  # noqa: S101 - create_app has refused it
    store = Store.open(
        settings.redis_url.get_secret_value(),
        rate_limit=settings.paddle.rate_limit,
        accept_within=app[DEADLINES].redis,
    )
    # No cookies: a session belongs to one customer, and this client serves them all.
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        app[STORE] = store
        app[PADDLE] = PaddleClient(
            http,
            api_url=settings.paddle.api_url,
            api_key=settings.paddle.api_key.get_secret_value(),
            limiter=store.limiter,
        )
        redis_url = settings.redis_url.get_secret_value()
        beside = [
            asyncio.create_task(tell_until_reached(redis_url, app[CLOCK])),
            asyncio.create_task(watch_forever(settings, redis_url, Role.WEBHOOKS, app[CLOCK])),
            asyncio.create_task(health.show_in_redis_forever(app)),
        ]
        yield
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    await store.close()
