"""One rehearsal: Paddle, Dunning and a mail server on one clock, which jumps to whatever happens next.

The worker's own functions do what Dunning does, over a store in memory. This module is only the world around them.
"""

import heapq
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count

import structlog

from cli.plan.simulate.asked import AskedPaddle, Trouble, no_trouble
from cli.plan.simulate.paddle import Happening, Paddle
from dunning.brands.brand import NO_BRANDS, Brands
from dunning.casebook.campaigns import Campaigns
from dunning.links import Links
from dunning.rules.breaker import Breaker, threshold
from dunning.rules.campaign import Campaign
from dunning.rules.story import Entry
from dunning.settings.load import Settings, load_settings
from dunning.store.memory import MemoryStore
from worker.chance import Chance
from worker.handle_event import handle_event, handle_events
from worker.mail.transport import Transport
from worker.ports import Writer
from worker.send.batch import send_steps
from worker.services import Services
from worker.sweep import LIMIT_EVERY, redrive_once, sweep_once

# How long a webhook is on its way.
WEBHOOK_TAKES = timedelta(milliseconds=400)
# A case is open for 35 days at most; one more, and everything has ended.
LASTS = timedelta(days=36)
# How long to wait before the next sweep, by what stands in the way of what is due.
WAITS = {
    "paused": timedelta(hours=1),
    "breaker": timedelta(hours=1),
    "held": timedelta(seconds=30),
    "api_hold": timedelta(seconds=1),
    "no_grants": timedelta(seconds=1),
}
PUBLIC_URL = "https://billing.lantern.example"

Act = Callable[[datetime], Awaitable[None] | None]
Travel = Callable[[Happening], Sequence[timedelta]]


def at_once(_happening: Happening) -> Sequence[timedelta]:
    """Let every webhook arrive once, and soon."""
    return (WEBHOOK_TAKES,)


@cache
def settings() -> Settings:
    """Return what a seller would set. No key or address in it is real."""
    return load_settings(
        {
            "DUNNING_PADDLE_API_KEY": "pdl_sdbx_apikey_rehearsal0opens0nothing000_rehearsal0opens0nothin_g00",
            "DUNNING_WEBHOOK_SECRETS": "pdl_ntfset_rehearsal_verifies_nothing",
            "DUNNING_LINK_SECRETS": "a rehearsal's links open nothing anywhere".replace(" ", "_"),
            "DUNNING_PUBLIC_URL": PUBLIC_URL,
            "DUNNING_PORTAL_LOGIN_URL": "https://sandbox-customer-portal.paddle.com/login/cpl_rehearsal",
            "DUNNING_REDIS_URL": "redis://127.0.0.1",
            "DUNNING_MAIL_URL": "console:",
            "DUNNING_MAIL_FROM": "Lantern Billing <billing@lantern.example>",
        }
    )


@cache
def links() -> Links:
    """Return what signs the links."""
    return Links([secret.get_secret_value() for secret in settings().link_secrets])


class Rehearsal:
    """Plays what is planned, and what follows from it.

    Args:
        began: the moment at which it begins, mostly that of the first failure.
        campaigns: as the campaign file has them.
        writer: writes the mails.
        transport: makes the transport, which is given the rehearsal's clock.
        chance: the source of random values.
        told: is called with each entry of each case's story, if anybody is to read it.
        hear: is called with each of Paddle's events that Dunning uses, as it arrives.
        trouble: is called with each call to Paddle, and may raise.
        travel: returns how long a webhook is on its way, once for each time that it arrives; nothing if it is lost.
        lasts: how long it may go on.
        breaker: as `DUNNING_BREAKER` has it.
        brands: as the campaign file has them.
        as_text: whether cases are kept as Redis holds them.
    """

    def __init__(
        self,
        began: datetime,
        campaigns: Sequence[Campaign],
        writer: Writer,
        transport: Callable[[Callable[[], datetime]], Transport],
        *,
        chance: Chance | None = None,
        told: Callable[[str, Entry, datetime], None] | None = None,
        hear: Callable[[Happening], None] | None = None,
        trouble: Trouble = no_trouble,
        travel: Travel = at_once,
        lasts: timedelta = LASTS,
        breaker: Breaker = "auto",
        brands: Brands = NO_BRANDS,
        as_text: bool = False,
    ) -> None:
        self.began = began
        self.now = began
        self.paddle = Paddle(self._on_its_way)
        given = replace(settings(), campaigns=tuple(campaigns), breaker=breaker, brands=brands)
        self.store = MemoryStore(self.clock, rate_limit=given.paddle.rate_limit, as_text=as_text, told=told)
        self.services = Services(
            settings=given,
            store=self.store,
            paddle=AskedPaddle(self.paddle, self.store.limiter, self.clock, trouble),
            transport=transport(self.clock),
            renderer=writer,
            links=links(),
            campaigns=Campaigns(self.store, campaigns),
            clock=self.clock,
            chance=chance or Chance(),
        )
        self._hear = hear
        self._travel = travel
        self._lasts = lasts
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._arrived: list[Happening] = []
        self._not_before = self._limit_until = began
        self._most_opened: int | None = None
        self._serial = count()

    def clock(self) -> datetime:
        """Return the time it is in the rehearsal."""
        return self.now

    def plan(self, at: datetime, act: Act) -> None:
        """Have something done at a moment. The act is called with the time."""
        heapq.heappush(self._agenda, (at, next(self._serial), act))

    async def play(self) -> None:
        """Play on until nothing is left to happen, or the time is over."""
        await self.services.campaigns.keep()
        ends_at = self.began + self._lasts
        while (at := self._next_at()) is not None and at <= ends_at:
            self.now = max(self.now, at)
            while self._agenda and self._agenda[0][0] <= self.now:
                done = heapq.heappop(self._agenda)[2](self.now)
                if done is not None:
                    await done
            await self._take_in()
            await self.sweep()

    async def sweep(self) -> None:
        """Let a worker take what is due now, until nothing is, or something stands in its way."""
        if self.now >= self._limit_until:
            opened = await self.store.brakes.opened(self.now)
            self._most_opened = threshold(opened, self.services.settings.breaker, self.now)
            self._limit_until = self.now + LIMIT_EVERY
        while (swept := await sweep_once(self.services, self._most_opened)).moved:
            await self.work()
        self._wait_for(swept.why)

    async def work(self) -> None:
        """Run the jobs that are queued."""
        kept = self.store.kept
        while kept.events_queued:
            event_ids = list(kept.events_queued)
            kept.events_queued.clear()
            await self.run_events(event_ids)
        while kept.events_alone:
            await self.run_event(kept.events_alone.popleft())
        while kept.batches_queued:
            case_ids, grant_ids = kept.batches_queued.popleft()
            await self.run_batch(case_ids, grant_ids)

    async def run_events(self, event_ids: Sequence[str]) -> None:
        """Run the job of events that came together."""
        await handle_events(self.services, event_ids)

    async def run_event(self, event_id: str) -> None:
        """Run the job of an event that is queued by itself."""
        await handle_event(self.services, event_id)

    async def run_batch(self, case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
        """Run the job of a batch of due cases."""
        await send_steps(self.services, case_ids, grant_ids)

    async def redrive(self) -> None:
        """Queue again the events that lost their jobs, and run them."""
        await redrive_once(self.services)
        await self.work()

    async def _take_in(self) -> None:
        arrived, self._arrived = self._arrived, []
        for happening in arrived:
            if self._hear is not None:
                self._hear(happening)
            if happening.event is not None:
                await self.store.inbox.accept(happening.event, self.now)
        await self.work()

    def _wait_for(self, why: str) -> None:
        """Let time pass if something stands in the way of what is due."""
        self._not_before = self.now + WAITS.get(why, timedelta(0))

    def _next_at(self) -> datetime | None:
        due = min(self.store.kept.due.values(), default=None)
        moments = [self._agenda[0][0]] if self._agenda else []
        if due is not None:
            moments.append(max(due, self._not_before))
        return min(moments, default=None)

    def _on_its_way(self, happening: Happening) -> None:
        if happening.event is not None:
            for takes in self._travel(happening):
                self.plan(happening.at + takes, lambda _now: self._arrived.append(happening))


@contextmanager
def quietly() -> Iterator[None]:
    """Keep the worker from logging, since a rehearsal shows by itself what happens."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,  # one that was kept would be silent for ever
    )
    try:
        yield
    finally:
        structlog.configure(**before)
