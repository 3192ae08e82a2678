"""Run the private side as a server in the test's own loop, and ask it as a program would."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import ClientSession, web
from yarl import URL

from console.app import create_app
from console.keys import STORE
from dunning.access_token import Scope, make_token
from dunning.settings.load import Settings
from tests.integration.edge import NOW


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


@asynccontextmanager
async def running_console(of: Settings, *, clock: Callable[[], datetime] = lambda: NOW) -> AsyncIterator[ConsoleSide]:
    """Run it on a free port."""
    app = create_app(of, clock=clock)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with ClientSession() as http:
            yield ConsoleSide(URL(f"http://127.0.0.1:{port}"), http, app)
    finally:
        await runner.cleanup()


def only(values: Collection[Any]) -> Any:  # noqa: ANN401 - whatever it is
    """Give the one that there is."""
    (value,) = values
    return value
