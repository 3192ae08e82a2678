"""Who changed what by hand."""

from aiohttp import web

from console.api.models import AuditList, AuditQuery, Nothing
from console.keys import STORE
from dunning.casebook import as_json


async def list_changes(request: web.Request, _path: Nothing, query: AuditQuery, _body: Nothing) -> AuditList:
    """Give a page of the audit list."""
    page = await request.app[STORE].audit.page(query.limit, None if query.cursor is None else int(query.cursor))
    cursor = None if page.last is None else str(page.last)
    return AuditList.model_validate({**as_json.changes(page.entries), "more": cursor is not None, "cursor": cursor})
