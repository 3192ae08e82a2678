"""A page's files: its own, and those that all pages share."""

from importlib.resources import files

from aiohttp import web

ROUTE = r"assets/{name:[a-z_]+\.(?:css|js|svg)}"

_TYPES = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}


def asset(package: str, name: str) -> web.Response:
    """Answer with a file from the folder `assets` of a package, or with the one that all pages share.

    Raises:
        HTTPNotFound: there is none of this name.
    """
    for place in (package, __package__):
        found = files(place) / "assets" / name
        if found.is_file():
            return web.Response(text=found.read_text(encoding="utf-8"), content_type=_TYPES[name.rpartition(".")[2]])
    raise web.HTTPNotFound
