"""Somebody who is told: an HTTP server that takes apprise's `json://` and counts pings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.until import until


@dataclass
class Listener:
    """What was told, in order, and how often somebody pinged."""

    url: str = ""
    ping_url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0
    is_deaf: bool = False

    @property
    def titles(self) -> list[str]:
        """What stands above each message, without where it is from."""
        return [str(one["title"]).partition(": ")[2] for one in self.told]

    async def hears(self, title: str) -> dict[str, Any]:
        """Wait until a message has come that is about this, perhaps beside other things, and give the last one."""

        async def came() -> dict[str, Any] | None:
            return next((one for one in reversed(self.told) if self._is_about(one, title)), None)

        return await until(came)

    def _is_about(self, one: dict[str, Any], title: str) -> bool:
        lines = [str(one["title"]).partition(": ")[2], *str(one["message"]).splitlines()]
        return any(line == title or line.startswith(f"{title} (") for line in lines)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Listen until the block is left."""
    listener = Listener()

    async def take(request: web.Request) -> web.Response:
        if listener.is_deaf:
            return web.Response(status=503)
        listener.told.append(await request.json())
        return web.Response()

    async def ping(request: web.Request) -> web.Response:
        del request
        listener.pings += 1
        return web.Response(status=503 if listener.is_deaf else 200)

    app = web.Application()
    app.add_routes([web.post("/alerts", take), web.get("/ping", ping)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        listener.url, listener.ping_url = f"json://127.0.0.1:{port}/alerts", f"ping+http://127.0.0.1:{port}/ping"
        yield listener
    finally:
        await runner.cleanup()
