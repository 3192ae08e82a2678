"""What a page is: its path, who may, and what answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from dunning.people import PersonRole

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page to look at, or with POST a change. `in_header` is how the header's navigation names it."""

    method: str = "GET"
    path: str
    role: PersonRole = PersonRole.VIEWER
    handler: Handler
    in_header: str | None = None


NAVIGATION = web.AppKey[tuple[Page, ...]]("navigation")
"""The pages that the header leads to."""
