"""The gallery over HTTP. It answers questions only: nothing here changes or sends anything."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from aiohttp import web

from cli.local_page.assets import ROUTE, asset
from cli.local_page.guard import MAIL_POLICY, guard, protect
from cli.plan.preview.gallery import Found
from cli.plan.preview.scheme import in_scheme
from cli.plan.preview.shown import ShownMail
from dunning.errors import ConfigurationError

# Images are fetched, as mail programs do: a brand's logo is one.
PREVIEW_POLICY = MAIL_POLICY.replace("img-src data:", "img-src https: data:")


class Shown(Protocol):
    """What is shown: the gallery, or a real case."""

    def state(self) -> dict[str, object]:
        """Return what can be chosen."""
        ...

    def mail(self, query: Mapping[str, str]) -> ShownMail:
        """Return the mail that a query means."""
        ...

    def page(self, query: Mapping[str, str]) -> str:
        """Return the page that a query means."""
        ...

    def find(self, words: str, query: Mapping[str, str]) -> Sequence[Found]:
        """Return the mails that hold all these words."""
        ...


class PreviewPage:
    """The page, its files, and what it asks for."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def app(self) -> web.Application:
        """Build the application."""
        app = web.Application(middlewares=[guard])
        app.on_response_prepare.append(protect)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get(f"/{ROUTE}", self._asset),
                web.get("/state", self._state),
                web.get("/mail", self._mail),
                web.get("/mail/html", self._mail_html),
                web.get("/page/html", self._page_html),
                web.get("/find", self._find),
            ]
        )
        return app

    async def _index(self, _request: web.Request) -> web.Response:
        return asset(__package__, "index.html")

    async def _asset(self, request: web.Request) -> web.Response:
        return asset(__package__, request.match_info["name"])

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(self._shown.state())

    async def _mail(self, request: web.Request) -> web.Response:
        mail = self._found(request)
        told = {"subject": mail.subject, "preheader": mail.preheader, "headers": mail.headers, "text": mail.text}
        return web.json_response(told)

    async def _mail_html(self, request: web.Request) -> web.Response:
        return _strangers_page(request, self._found(request).html)

    async def _page_html(self, request: web.Request) -> web.Response:
        try:
            html = self._shown.page(request.query)
        except ConfigurationError as error:
            raise _refused(error.problems) from None
        except ValueError as error:
            raise _refused([str(error)]) from None
        return _strangers_page(request, html)

    async def _find(self, request: web.Request) -> web.Response:
        query = {name: value for name, value in request.query.items() if name != "words"}
        # Many mails are written for it, and the page asks for other things meanwhile.
        found = await asyncio.to_thread(self._shown.find, request.query.get("words", ""), query)
        return web.json_response([{"query": one.query, "title": one.title, "excerpt": one.excerpt} for one in found])

    def _found(self, request: web.Request) -> ShownMail:
        try:
            return self._shown.mail(request.query)
        except ConfigurationError as error:
            raise _refused(error.problems) from None
        except ValueError as error:
            raise _refused([str(error)]) from None


def _strangers_page(request: web.Request, html: str) -> web.Response:
    """Answer with HTML that was written to be looked at elsewhere: it runs nothing and fetches nothing here."""
    page = in_scheme(html, request.query.get("scheme")).replace("<head>", '<head><base target="_blank">', 1)
    return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": PREVIEW_POLICY})


def _refused(problems: list[str]) -> web.HTTPConflict:
    return web.HTTPConflict(
        headers={"Content-Security-Policy": PREVIEW_POLICY},  # it may be shown in the mail's place
        text=json.dumps({"problems": problems}),
        content_type="application/json",
    )
