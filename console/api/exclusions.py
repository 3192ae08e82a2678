"""Customers and subscriptions that get no mail."""

from aiohttp import web

from console.api.models import Changed, Exclusion, ExclusionPath, Exclusions, Nothing
from console.keys import CLOCK, STORE, TOKEN
from dunning.casebook import exclude as exclusions


async def list_all(request: web.Request, _path: Nothing, _query: Nothing, _body: Nothing) -> Exclusions:
    """List them."""
    found = await request.app[STORE].exclusions.all()
    return Exclusions(exclusions=[Exclusion(id=one.id, since=one.since, by=one.by) for one in found])


async def exclude(request: web.Request, path: ExclusionPath, _query: Nothing, _body: Nothing) -> Changed:
    """Exclude one, and note it in the stories of their open cases."""
    store, now = request.app[STORE], request.app[CLOCK]()
    told = await exclusions.exclude(store, path.entity_id, now, by=request[TOKEN].name)
    return Changed(changed=told is not None)


async def include(request: web.Request, path: ExclusionPath, _query: Nothing, _body: Nothing) -> Changed:
    """Take an exclusion back, and note it likewise."""
    store, now = request.app[STORE], request.app[CLOCK]()
    told = await exclusions.include(store, path.entity_id, now, by=request[TOKEN].name)
    return Changed(changed=told is not None)
