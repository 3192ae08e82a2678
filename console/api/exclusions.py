"""Customers and subscriptions that get no mail."""

from aiohttp import web

from console.api.models import Changed, Exclusion, ExclusionPath, Exclusions, Nothing
from console.keys import CLOCK, STORE, TOKEN


async def list_all(request: web.Request, _path: Nothing, _query: Nothing, _body: Nothing) -> Exclusions:
    """List them."""
    found = await request.app[STORE].exclusions.all()
    return Exclusions(exclusions=[Exclusion(id=one.id, since=one.since) for one in found])


async def exclude(request: web.Request, path: ExclusionPath, _query: Nothing, _body: Nothing) -> Changed:
    """Exclude one."""
    store, now = request.app[STORE], request.app[CLOCK]()
    return Changed(changed=await store.exclusions.exclude(path.entity_id, now, request[TOKEN].name))


async def include(request: web.Request, path: ExclusionPath, _query: Nothing, _body: Nothing) -> Changed:
    """Take an exclusion back."""
    return Changed(changed=await request.app[STORE].exclusions.include(path.entity_id))
