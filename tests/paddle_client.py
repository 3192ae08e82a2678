"""A Paddle client to test with, and a limiter that remembers what it was told."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession

from dunning.paddle_api.client import PaddleClient
from dunning.paddle_api.grants import Grant

API_KEY = "pdl_sdbx_apikey_01jq3v5a1b2c3d4e5f6g7h8j9k_Nm4rTq8WzXc2VbYh6LpKd0_9sF"
GRANT = Grant(id="grant-1")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@dataclass
class RecordingLimiter:
    """Lets through what it is told to, and notes everything."""

    has_room: bool = True
    grants_last: bool = True
    asked: list[tuple[int, bool]] = field(default_factory=list)
    begun: list[Grant] = field(default_factory=list)
    ended: list[Grant] = field(default_factory=list)
    held_seconds: list[float] = field(default_factory=list)

    async def ask(self, count: int, *, background: bool) -> list[Grant] | None:
        self.asked.append((count, background))
        return [Grant(id=f"asked-{len(self.asked)}")] if self.has_room else None

    async def begin(self, grant: Grant) -> bool:
        self.begun.append(grant)
        return self.grants_last

    async def end(self, grant: Grant) -> None:
        self.ended.append(grant)

    async def hold(self, seconds: float) -> None:
        self.held_seconds.append(seconds)


@asynccontextmanager
async def paddle_client(
    api_url: str,
    limiter: RecordingLimiter | None = None,
    *,
    api_key: str = API_KEY,
    patience: timedelta = timedelta(seconds=10),
    clock: Callable[[], datetime] = lambda: NOW,
) -> AsyncIterator[PaddleClient]:
    async with ClientSession() as http:
        yield PaddleClient(
            http,
            api_url=api_url,
            api_key=api_key,
            limiter=limiter or RecordingLimiter(),
            timeout=patience,
            clock=clock,
        )
