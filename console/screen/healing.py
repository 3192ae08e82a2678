"""Healing: what webhooks did not bring, found by reconciling with Paddle, and mended."""

from http import HTTPStatus

from aiohttp import web

from console.keys import BACKSTAGE, CLOCK, STORE
from console.screen.changes import note_change
from console.screen.refusals import RefusedError
from console.screen.render import render
from dunning.audit import Change
from dunning.errors import DunningError
from dunning.store import Reconciled


async def show(request: web.Request) -> web.Response:
    """Show what the worker's own runs found. Asks Paddle nothing."""
    store = request.app[STORE]
    snapshot = await store.health.snapshot(request.app[CLOCK]())
    return render(
        request,
        "healing.html",
        title="Healing",
        waiting=int(snapshot.gauges["reconcile_waiting"]),
        done={what: await store.reconciling.done_at(what) for what in (Reconciled.EVENTS, Reconciled.PAST_DUE)},
        missed=snapshot.counters.get("reconcile_missed_events", 0),
        opened=snapshot.counters.get("reconcile_opened", 0),
        closed=snapshot.counters.get("reconcile_closed", 0),
        found=None,
        applied=False,
    )


async def look(request: web.Request) -> web.Response:
    """Compare with Paddle now, and show who would be mailed what and when. Changes nothing."""
    return await _reconcile(request, apply=False)


async def apply(request: web.Request) -> web.Response:
    """Compare with Paddle now, and mend what is found."""
    return await _reconcile(request, apply=True)


async def _reconcile(request: web.Request, *, apply: bool) -> web.Response:
    if apply:
        await note_change(request, Change.RECONCILE)  # first, since what breaks off has changed something too
    try:
        found = await request.app[BACKSTAGE].reconcile(apply=apply)
    except DunningError as error:
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, f"It broke off: {error}") from None
    title = "Healed" if apply else "What reconciling finds"
    return render(request, "healing.html", title=title, found=found, applied=apply)
