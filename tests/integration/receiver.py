"""A program of the seller's: an HTTP server that verifies out-webhooks with the standard's own library."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter
from standardwebhooks.webhooks import Webhook

from dunning.rules.out_events import Payload
from tests.until import until

_PAYLOAD: TypeAdapter[Any] = TypeAdapter(Payload)


@dataclass
class Receiver:
    """What it was told, and how it answers."""

    secret: str
    url: str = ""
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What it answered 200: ids and bodies."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often it was told each, whatever it answered."""
    answer: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stalls: asyncio.Event | None = None
    at_once: int = 0
    most_at_once: int = 0

    @property
    def setting(self) -> str:
        """What stands for it in `DUNNING_OUT_WEBHOOKS`."""
        return f"{self.url}#{self.secret}"

    @property
    def types(self) -> list[str]:
        """What it was told."""
        return [str(body["type"]) for _, body in self.told]

    async def hears(self, *types: str, within_seconds: float = 30) -> None:
        """Wait until it was told all of these, in any order."""

        async def all_came() -> bool:
            return not Counter(types) - Counter(self.types)

        await until(all_came, within_seconds=within_seconds)

    async def was_asked(self, times: int = 1) -> None:
        """Wait until somebody tried to tell it so often."""

        async def often_enough() -> bool:
            return self.asked.total() >= times

        await until(often_enough)


def a_secret(letter: str) -> str:
    """Make a secret in the standard's form."""
    return "whsec_" + base64.b64encode(letter.encode() * 32).decode()


@asynccontextmanager
async def receiving(letter: str = "r", port: int = 0) -> AsyncIterator[Receiver]:
    """Listen until the block is left."""
    receiver = Receiver(a_secret(letter))

    async def take(request: web.Request) -> web.Response:
        raw = await request.read()
        body = Webhook(receiver.secret).verify(raw, dict(request.headers))
        _PAYLOAD.validate_json(raw)
        receiver.asked[request.headers["webhook-id"]] += 1
        receiver.at_once += 1
        receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
        try:
            if receiver.stalls is not None:
                await receiver.stalls.wait()
        finally:
            receiver.at_once -= 1
        if receiver.answer == 200:
            receiver.told.append((request.headers["webhook-id"], body))
        return web.Response(status=receiver.answer, headers=receiver.headers, text="x" * 100_000)

    app = web.Application()
    app.add_routes([web.post("/hooks/t0ken-in-path", take)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/t0ken-in-path"
        yield receiver
    finally:
        await runner.cleanup()
