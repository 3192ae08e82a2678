"""Alerts: what is wrong now, and what was told to whom."""

from aiohttp import web

from console.keys import SETTINGS, STORE
from console.screen.render import render
from dunning.rules.troubles import Seen, Trouble
from dunning.watch.send import AlertSender
from dunning.watch.words import SAYINGS, title_of

SHOWN = 50


async def show(request: web.Request) -> web.Response:
    """Show it."""
    store = request.app[STORE]
    told = await store.alerts.told()
    on = []
    for key, one in told.items():
        trouble, _, about = key.partition(":")
        if one.since is not None:
            seen = Seen(Trouble(trouble), about)
            on.append((title_of(seen), SAYINGS[seen.trouble].means, one.since, one.told_at if one.said else None))
    return render(
        request,
        "alerts.html",
        title="Alerts",
        on=sorted(on, key=lambda one: one[2]),
        sent=await store.alerts.sent(SHOWN),
        services=AlertSender(request.app[SETTINGS].alerts).services,
        anybody=await store.alerts.has_listeners(),
    )
