"""Run the HTTP edge as a server in the test's own loop, and sign what is sent to it."""

import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from aiohttp import ClientResponse, ClientSession, web
from yarl import URL

from dunning.settings.load import Settings, load_settings
from webhooks.app import create_app
from webhooks.deadlines import Deadlines
from webhooks.door import EdgeRunner
from webhooks.limits import Limits

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
WEBHOOK_SECRET = "pdl_ntfset_01jb2q8v6kxw3m9r5t7y0z4c1d_Zk3vB8nQ"
LINK_SECRET = "a-link-secret-of-at-least-32-characters"
LOGIN_URL = "https://customer-portal.paddle.com/login/cpl_01jb2q8v6kxw3m9r5t7y0z4c1d"


def settings(redis_url: str, **changes: str) -> Settings:
    """Read settings as an operator would give them; `changes` are variables without their prefix."""
    given = {
        "PADDLE_API_KEY": "pdl_live_apikey_" + "a" * 26 + "_" + "b" * 22 + "_ccc",
        "WEBHOOK_SECRETS": WEBHOOK_SECRET,
        "LINK_SECRETS": LINK_SECRET,
        "PUBLIC_URL": "http://localhost",  # nobody is asked for a certificate
        "PORTAL_LOGIN_URL": LOGIN_URL,
        "REDIS_URL": redis_url,
        "MAIL_URL": "console:",
        "PUBLIC_METRICS": "on",
        "MAIL_FROM": "Lantern Maps <billing@example.com>",
        **changes,
    }
    return load_settings({f"DUNNING_{name}": value for name, value in given.items()})


@dataclass
class Edge:
    """A running edge and a client for it."""

    url: URL
    http: ClientSession
    app: web.Application
    runner: web.AppRunner

    async def notify(self, body: bytes, signature: str | None = None, **headers: str) -> ClientResponse:
        """Send a notification as Paddle does; `signature` replaces the right one."""
        header = sign(body) if signature is None else signature
        return await self.http.post(
            self.url / "webhooks/paddle", data=BytesIO(body), headers={"Paddle-Signature": header, **headers}
        )

    async def metrics(self) -> str:
        """Read the metrics."""
        async with self.http.get(self.url / "metrics") as response:
            assert response.status == 200
            return await response.text()


@asynccontextmanager
async def running(
    of: Settings,
    *,
    clock: Callable[[], datetime] = lambda: NOW,
    deadlines: Deadlines | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Edge]:
    """Run the edge on a free port."""
    app = create_app(of, clock=clock, deadlines=deadlines, limits=limits)
    runner = EdgeRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with ClientSession(auto_decompress=False) as http:
            yield Edge(URL(f"http://127.0.0.1:{port}"), http, app, runner)
    finally:
        await runner.cleanup()


def sign(body: bytes, secret: str = WEBHOOK_SECRET, at: datetime = NOW) -> str:
    """Sign as Paddle does."""
    ts = int(at.timestamp())
    return f"ts={ts};h1={hmac.new(secret.encode(), f'{ts}:'.encode() + body, sha256).hexdigest()}"


def paddle_id(prefix: str, number: int = 1) -> str:
    """Make an id shaped like Paddle's."""
    return f"{prefix}_{number:026d}"


def past_due_transaction(**changes: object) -> dict[str, Any]:
    """Give a declined renewal's transaction."""
    return {
        "id": paddle_id("txn"),
        "status": "past_due",
        "origin": "subscription_recurring",
        "collection_mode": "automatic",
        "subscription_id": paddle_id("sub"),
        "customer_id": paddle_id("ctm"),
        "currency_code": "EUR",
        "billed_at": "2026-05-04T11:00:00Z",
        "items": [{"price": {"id": paddle_id("pri"), "product_id": paddle_id("pro")}}],
        "payments": [{"status": "error", "error_code": "expired_card", "created_at": "2026-05-04T11:00:02.5Z"}],
        **changes,
    }


def notification(event_type: str = "transaction.past_due", data: object = None, **changes: object) -> bytes:
    """Give a notification's body."""
    return json.dumps(
        {
            "data": past_due_transaction() if data is None else data,
            "event_id": paddle_id("evt"),
            "event_type": event_type,
            "occurred_at": "2026-05-04T11:00:03.000000Z",
            "notification_id": paddle_id("ntf"),
            **changes,
        }
    ).encode()
