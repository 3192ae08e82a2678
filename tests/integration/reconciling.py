"""A twin of Paddle whose webhooks all get lost, and what reconciles it with an empty store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession

from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.paddle.events import Event
from dunning.paddle_api.client import PaddleClient
from dunning.paddle_api.grants import Unlimited
from dunning.rules.breaker import Breaker
from dunning.rules.case import Case
from dunning.store import Store
from paddle_twin import Twin
from worker.reconcile.patient_grants import PatientGrants
from worker.reconcile.reconciler import Reconciler

MANY = 1_000_000


@dataclass
class Clock:
    """A clock that is set."""

    now: datetime = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, span: timedelta) -> None:
        self.now += span


@dataclass
class Scene:
    """A seller's account at Paddle, and what we know of it."""

    twin: Twin
    store: Store
    reconciler: Reconciler
    clock: Clock
    told: list[tuple[str, int, int | None]] = field(default_factory=list)

    def with_breaker(self, breaker: Breaker) -> Reconciler:
        return replace(self.reconciler, breaker=breaker)

    def subscribe(self) -> str:
        return self.twin.world.add_subscription(
            self.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
        )

    def decline(self, *, ago: timedelta = timedelta(0)) -> str:
        """Decline the renewal of a new subscription, and give the bill's id."""
        return self.twin.world.decline(self.subscribe(), at=self.clock.now - ago)

    async def unhandled(self) -> list[Event]:
        """Give the events that wait in the inbox."""
        redis: Any = self.store._redis
        found = [await self.store.inbox.read(key.decode()) for key in await redis.zrange("dunning:inbox", 0, -1)]
        return [event for event in found if event is not None]

    async def keep(self, case: Case) -> None:
        """Write a case as if it had been opened long ago."""
        await self.store.cases.commit(case, 0, due_at=self.clock.now + timedelta(days=1), now=self.clock.now)

    async def counters(self) -> dict[str, int]:
        return (await self.store.health.snapshot(self.clock.now)).counters


@asynccontextmanager
async def scene(store: Store) -> AsyncIterator[Scene]:
    clock = Clock()
    async with Twin(clock=clock, rate_limit=MANY) as twin, ClientSession() as http:
        paddle = PaddleClient(http, api_url=twin.url, api_key=twin.api_key, limiter=Unlimited(), pauses=[timedelta(0)])
        told: list[tuple[str, int, int | None]] = []
        reconciler = Reconciler(
            store=store,
            paddle=paddle,
            campaigns=parse_campaigns(shipped(), "default.toml"),
            breaker="auto",
            next_grant=PatientGrants(Unlimited(), MANY),
            clock=clock,
            tell=lambda what, done, of: told.append((what, done, of)),
        )
        yield Scene(twin, store, reconciler, clock, told)
