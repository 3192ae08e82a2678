"""Dead events: read, handled again, or let go of."""

from http import HTTPStatus

from aiohttp import web

from console.keys import CLOCK, STORE
from console.screen.changes import note_change
from console.screen.forms import FORM
from console.screen.person import PERSON
from console.screen.refusals import RefusedError
from console.screen.render import render
from dunning.audit import Change, about
from dunning.casebook.dead import drop as drop_events
from dunning.casebook.dead import replay as replay_events
from dunning.store import DeadEvent

ON_A_PAGE = 50


async def show(request: web.Request) -> web.Response:
    """Show a page of them, the newest first."""
    first = request.query.get("first", "0")
    if not first.isascii() or not first.isdecimal() or len(first) > len("1000000"):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "There is no such page.")
    found = await request.app[STORE].dead.newest(int(first), ON_A_PAGE + 1)
    return render(
        request,
        "dead.html",
        title="Dead events",
        events=found[:ON_A_PAGE],
        first=int(first),
        next_first=int(first) + ON_A_PAGE if len(found) > ON_A_PAGE else None,
    )


async def replay(request: web.Request) -> web.Response:
    """Handle one again, or all."""
    store, dead = request.app[STORE], await _chosen(request)
    replayed = await replay_events(store, dead, request.app[CLOCK]())
    await note_change(request, Change.REPLAY, _about(dead))
    said = [_told(len(replayed), "is handled again", "are handled again")]
    said += [
        f"{one.event_id} is malformed: dunning replay reads it from Paddle again." for one in dead if one.event is None
    ]
    return render(request, "said.html", title="Replayed", lines=said, back="/dead", back_to="Back to dead events")


async def drop(request: web.Request) -> web.Response:
    """Let go of one, or all."""
    store, dead = request.app[STORE], await _chosen(request)
    dropped = await drop_events(store, dead, request.app[CLOCK](), by=request[PERSON].name)
    await note_change(request, Change.DROP, _about(dead))
    said = [_told(len(dropped), "is dropped", "are dropped")]
    return render(request, "said.html", title="Dropped", lines=said, back="/dead", back_to="Back to dead events")


async def _chosen(request: web.Request) -> list[DeadEvent]:
    store, event_id = request.app[STORE], request[FORM].get("event")
    if event_id is None:
        return await store.dead.all()
    found = await store.dead.these([event_id])
    if not found:
        raise RefusedError(HTTPStatus.NOT_FOUND, "That event is not dead: it was handled or dropped meanwhile.")
    return found


def _about(dead: list[DeadEvent]) -> str:
    return about([one.event_id for one in dead], "events")


def _told(count: int, one: str, several: str) -> str:
    return f"1 event {one}." if count == 1 else f"{count} events {several}."
