"""Brakes: what is paused, and what the breaker goes by."""

from http import HTTPStatus

from aiohttp import web

from console.keys import CAMPAIGNS, CLOCK, SETTINGS, STORE
from console.screen.changes import note_change
from console.screen.forms import FORM
from console.screen.person import PERSON
from console.screen.refusals import RefusedError
from console.screen.render import render
from dunning.audit import Change
from dunning.casebook import brakes
from dunning.instants import EPOCH
from dunning.rules.breaker import HOUR, hour_of, threshold

HOURS = 48


async def show(request: web.Request) -> web.Response:
    """Show them, with the new cases of each of the last hours, which are the breaker's evidence."""
    app, store = request.app, request.app[STORE]
    now = app[CLOCK]()
    setting, opened = app[SETTINGS].breaker, await store.brakes.opened_by_hour()
    this_hour = hour_of(now)
    hours = [(EPOCH + HOUR * hour, opened.get(hour, 0)) for hour in range(this_hour, this_hour - HOURS, -1)]
    limit = threshold(await store.brakes.opened(now), setting, now)
    return render(
        request,
        "brakes.html",
        title="Brakes",
        paused=await store.brakes.paused(),
        campaigns=await _campaigns(request),
        setting=setting,
        limit=limit,
        this_hour=opened.get(this_hour, 0),
        busiest=max((count for hour, count in opened.items() if hour < this_hour), default=0),
        hours=[one for one in hours if one[1]],
    )


async def pause(request: web.Request) -> web.Response:
    """Stop a campaign's mail, or all."""
    campaign = await _campaign(request)
    said = await brakes.pause(request.app[STORE], campaign, request.app[CLOCK](), by=request[PERSON].name)
    await note_change(request, Change.PAUSE, campaign or "")
    return render(request, "said.html", title="Paused", lines=said, back="/brakes", back_to="Back to the brakes")


async def resume(request: web.Request) -> web.Response:
    """Start a campaign's mail, or all, again."""
    campaign = await _campaign(request)
    said = await brakes.resume(request.app[STORE], campaign, request.app[CLOCK]())
    await note_change(request, Change.RESUME, campaign or "")
    return render(request, "said.html", title="Resumed", lines=said, back="/brakes", back_to="Back to the brakes")


async def _campaign(request: web.Request) -> str | None:
    named = request[FORM].get("campaign") or None
    if named is not None and named not in await _campaigns(request):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "There is no such campaign.")
    return named


async def _campaigns(request: web.Request) -> list[str]:
    app = request.app
    return sorted({*await app[STORE].campaigns.names(), *(one.name for one in app[CAMPAIGNS].all)})
