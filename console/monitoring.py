"""What Prometheus reads: what all processes counted together, and each `webhooks` for itself."""

import asyncio

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST

from console.keys import CLOCK, STORE
from dunning import time_limits
from dunning.errors import DunningError
from dunning.store import REDIS_ERRORS, Snapshot
from dunning.watch.exposition import of_all_processes, of_each_process

METRICS_PATH = "/metrics"


async def show_metrics(request: web.Request) -> web.Response:
    """Answer with the metrics. While Redis is away, `dunning_redis_up` is 0, and the others are missing."""
    store, now = request.app[STORE], request.app[CLOCK]()
    snapshot: Snapshot | None = None
    shown: dict[str, bytes] = {}
    writable = False
    try:
        async with asyncio.timeout(time_limits.REDIS_ANSWER.total_seconds()):
            snapshot, shown = await store.health.snapshot(now), await store.watching.shown_metrics(now)
            await store.health.ready(now)
            writable = True
    except (DunningError, TimeoutError, *REDIS_ERRORS):
        pass  # the gauges say so
    body = of_each_process(shown) + of_all_processes(snapshot, writable=writable)
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})
