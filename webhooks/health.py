"""What monitoring asks: `/healthz` whether to restart us, `/readyz` whether we work, `/metrics` what was counted."""

import asyncio
import contextlib
from datetime import timedelta
from uuid import uuid4

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST

from dunning.errors import DunningError
from dunning.store import REDIS_ERRORS
from webhooks.deadlines import RedisAwayError, redis_within
from webhooks.keys import CLOCK, DEADLINES, METRICS, SPARING_LOG, STORE

SHOWN_EVERY = timedelta(seconds=10)


async def live(request: web.Request) -> web.Response:
    """Answer 200: the process lives. Restarting it would not bring Redis back."""
    del request
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Answer 200 only while Redis answers and accepts writes, else 503 and why."""
    app = request.app
    try:
        async with redis_within(app[DEADLINES].redis):
            await app[STORE].health.ready(app[CLOCK]())
    except DunningError as error:
        reason = error.__cause__ if isinstance(error.__cause__, DunningError) else error
        return web.Response(status=503, text=f"{reason}\n")
    return web.Response(text="ok\n")


async def show_metrics(request: web.Request) -> web.Response:
    """Answer with the metrics. While Redis is away they are those of this process, and `dunning_redis_up` is 0."""
    app = request.app
    try:
        async with redis_within(app[DEADLINES].redis):
            snapshot = await app[STORE].health.snapshot(app[CLOCK]())
    except RedisAwayError as error:
        app[SPARING_LOG].warning("metrics.without_redis", reason=str(error))
        snapshot = None
    body = app[METRICS].exposition(snapshot, writable=await _takes_events(app))
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})


async def show_in_redis_forever(app: web.Application) -> None:
    """Show every ten seconds in Redis what this process counted: the private side tells it. Until canceled."""
    process = uuid4().hex[:12]
    while True:
        with contextlib.suppress(*REDIS_ERRORS):  # they count on, and are shown when Redis is back
            await app[STORE].watching.show_metrics(process, app[METRICS].of_this_process(), app[CLOCK]())
        await asyncio.sleep(SHOWN_EVERY.total_seconds())


async def _takes_events(app: web.Application) -> bool:
    """Tell whether Redis would take an event in now."""
    try:
        async with redis_within(app[DEADLINES].redis):
            await app[STORE].health.ready(app[CLOCK]())
    except RedisAwayError:
        return False
    return True
