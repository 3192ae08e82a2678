"""The overview: how things stand."""

from aiohttp import web

from console.keys import CAMPAIGNS, CLOCK, STORE
from console.screen.render import render
from dunning.casebook.paused import paused_lines
from dunning.casebook.status import read_status

# The picture by step is of those that are due first: a page is shown at once, however many there are.
LOOKED_AT = 1_000


async def show(request: web.Request) -> web.Response:
    """Show it."""
    app = request.app
    found = await read_status(app[STORE], app[CAMPAIGNS], app[CLOCK](), most=LOOKED_AT)
    return render(request, "overview.html", title="Overview", found=found, paused=[*paused_lines(found.paused)])
