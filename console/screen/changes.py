"""Notes what people change."""

from aiohttp import web

from console.keys import CLOCK, STORE
from console.screen.person import PERSON
from dunning.audit import Change, Way
from dunning.store import AuditEntry


async def note_change(request: web.Request, what: Change, about: str = "") -> None:
    """Note that whoever is signed in changed something.

    Args:
        request: theirs.
        what: was changed.
        about: which id, or what else names it.
    """
    app = request.app
    await app[STORE].audit.note(AuditEntry(app[CLOCK](), request[PERSON].name, Way.SCREEN, what, about))
