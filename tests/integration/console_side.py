"""Run the private side as a server in the test's own loop, and ask it as a program would."""

import re
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, DummyCookieJar, web
from yarl import URL

from cli.plan.backstage import Backstage
from console.app import create_app
from console.keys import CLOCK, STORE
from dunning.access_token import Scope, make_token
from dunning.people import PersonRole, Use, make_pass
from dunning.settings.load import Settings
from dunning.store import SignInLink
from tests.integration.edge import LINK_SECRET, NOW

FORM = "application/x-www-form-urlencoded"


@dataclass
class ConsoleSide:
    """A running private side, and a client for it."""

    url: URL
    http: ClientSession
    app: web.Application

    async def token(self, *scopes: Scope, name: str = "shop") -> str:
        """Make a token."""
        made = make_token()
        await self.app[STORE].tokens.add(made.id, name, scopes or tuple(Scope), made.digest, NOW)
        return made.text

    async def link(self, role: PersonRole = PersonRole.OPERATOR, *, name: str = "Ada", at: datetime = NOW) -> str:
        """Make a link that signs somebody in, as `dunning sign-in` does, and give its path."""
        made = make_pass(Use.SIGN_IN, LINK_SECRET)
        await self.app[STORE].people.add_link(SignInLink(made.id, name, role, at, made.digest))
        return f"/sign-in/{made.text}"

    async def sign_in(self, role: PersonRole = PersonRole.OPERATOR, *, name: str = "Ada") -> "Person":
        """Sign somebody in."""
        path = await self.link(role, name=name, at=self.app[CLOCK]())
        async with self.http.post(f"{self.url}{path}", allow_redirects=False) as response:
            assert response.status == 303
            return Person(self, response.cookies["dunning"].value)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        body: Any = None,  # noqa: ANN401 - JSON
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Ask, and give the status, the JSON and the headers."""
        given = {**(headers or {}), **({} if token is None else {"Authorization": f"Bearer {token}"})}
        async with self.http.request(method, f"{self.url}{path}", json=body, headers=given) as response:
            return response.status, await response.json(content_type=None), dict(response.headers)


@dataclass
class Person:
    """A person's browser, as far as HTTP goes."""

    side: ConsoleSide
    cookie: str

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Load a page, and give its status and what it shows."""
        given = {"Cookie": f"dunning={self.cookie}", **headers}
        async with self.side.http.get(f"{self.side.url}{path}", headers=given, allow_redirects=False) as response:
            return response.status, await response.text()

    async def form_token(self) -> str:
        """Read what the forms bring back from a page that has one."""
        _, html = await self.get("/")
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', html)
        assert found
        return found[1]

    async def post(
        self, path: str, form: dict[str, str] | None = None, content_type: str = FORM
    ) -> tuple[int, str, str | None]:
        """Send a form as a page of ours would, and give the status, what is shown, and where that leads."""
        sent = {"form_token": await self.form_token()} if form is None else form
        given = {"Cookie": f"dunning={self.cookie}", "Content-Type": content_type}
        async with self.side.http.post(
            f"{self.side.url}{path}", data=urlencode(sent), headers=given, allow_redirects=False
        ) as response:
            return response.status, await response.text(), response.headers.get("Location")


@asynccontextmanager
async def running_console(of: Settings, *, clock: Callable[[], datetime] = lambda: NOW) -> AsyncIterator[ConsoleSide]:
    """Run it on a free port."""
    app = create_app(of, Backstage(of), clock=clock)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with ClientSession(cookie_jar=DummyCookieJar()) as http:
            yield ConsoleSide(URL(f"http://127.0.0.1:{port}"), http, app)
    finally:
        await runner.cleanup()


def only(values: Collection[Any]) -> Any:  # noqa: ANN401 - whatever it is
    """Give the one that there is."""
    (value,) = values
    return value
