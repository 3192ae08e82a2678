"""The audit list: who changed what by hand."""

from http import HTTPStatus

from aiohttp import web

from console.keys import STORE
from console.screen.refusals import RefusedError
from console.screen.render import render
from dunning.store.audit import KEPT

ON_A_PAGE = 100


async def show(request: web.Request) -> web.Response:
    """Show a page of it, the newest first.

    Raises:
        RefusedError: there is no such page.
    """
    page = request.query.get("page", "1")
    if not page.isascii() or not page.isdecimal() or not 0 < int(page[:9]) <= KEPT // ON_A_PAGE:
        raise RefusedError(HTTPStatus.NOT_FOUND, "There is no such page of the list.")
    first = (int(page) - 1) * ON_A_PAGE
    found = await request.app[STORE].audit.newest(first, ON_A_PAGE + 1)
    return render(
        request,
        "audit.html",
        title="Audit",
        entries=found[:ON_A_PAGE],
        newer=int(page) - 1,
        older=int(page) + 1 if len(found) > ON_A_PAGE else None,
    )
