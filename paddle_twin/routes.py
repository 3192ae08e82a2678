"""A route of the API, as the parts that serve one give it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """Method and path, what answers, and the permission that a key needs for it."""

    method: str
    path: str
    answer: Answer
    permission: str | None = None
