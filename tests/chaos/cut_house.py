"""The whole service in the test's own loop, with a proxy in each of its connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import ClientSession, web

from cli.lab.mailbox.server import MailServer
from dunning.rules.case import Case
from dunning.settings.load import Settings
from dunning.store import REDIS_ERRORS, Store
from paddle_twin import Twin
from tests.chaos.cutting_proxy import CuttingProxy
from tests.chaos.passages import Passages
from tests.chaos.passing_time import PassingClock, connect, until_next
from tests.chaos.protocols import HttpTalk, RedisTalk, SmtpTalk
from tests.integration.edge import settings as settings_of
from tests.integration.house import AT_ONCE
from webhooks.app import create_app
from webhooks.door import EdgeRunner
from worker.main import work_until
from worker.sweep import REDRIVE_EVERY

T = TypeVar("T")

# How often who looks on asks again before it counts as a fault.
LOOKS = 5

# Longer than what is soon tried again by itself takes: a second, and half as long again.
QUIET_AT_FIRST_SECONDS = 1.7
QUIET_SECONDS = 0.25
LOOKS_IN_QUIET = 20
LOOK_EVERY_SECONDS = 0.01
# Paddle's first repeat comes after a minute, which would hide what we are slow at.
PADDLE_REPEATS_AFTER = timedelta(seconds=0.05)


class StuckError(Exception):
    """Something that should have happened has not, when it was waited for long enough."""


@dataclass
class CutHouse:
    """A running service, the world around it, and what passes between its parts."""

    twin: Twin
    mailbox: MailServer
    store: Store
    redis: Any
    http: ClientSession
    clock: PassingClock
    passages: Passages
    patience: timedelta
    """How long after the cut, or after the client gave up on a stalled connection, something may still wait."""
    public_url: str = ""
    _unlooked: timedelta = timedelta(0)

    async def case(self, case_id: str) -> Case | None:
        """Read a case, past the proxies. On a machine that stood still, ask again: nobody waits for who looks on."""
        for _ in range(LOOKS):
            with contextlib.suppress(*REDIS_ERRORS):
                return await self.store.cases.read(case_id)
        return await self.store.cases.read(case_id)

    async def eventually(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Wait until it is so. Whenever all is quiet, let the time pass until something is to happen.

        Raises:
            StuckError: it is not so in the end.
        """
        looks = 0
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                while not (seen := await look()):
                    looks += 1
                    if self.passages.quiet_for() >= self._enough_quiet and looks >= LOOKS_IN_QUIET:
                        await self._let_pass(what)
                        looks = 0
                    await asyncio.sleep(LOOK_EVERY_SECONDS)
                return seen
        except TimeoutError:
            raise StuckError(what) from None

    @property
    def _enough_quiet(self) -> float:
        return QUIET_SECONDS if self.clock.ahead else QUIET_AT_FIRST_SECONDS

    async def _let_pass(self, what: str) -> None:
        span = await until_next(self.clock, self.redis)
        if self.clock.ahead + span + timedelta(seconds=self.passages.since_over()) > self.patience:
            raise StuckError(what)
        await self.clock.let_pass(span, self.redis)
        self._unlooked += span
        if self._unlooked >= REDRIVE_EVERY:
            # What every worker does this often by its machine's clock, which can't be turned forward.
            await self.store.inbox.redrive(self.clock())
            self._unlooked = timedelta(0)
        self.passages.stir()


@asynccontextmanager
async def cut_house(redis_url: str, folder: Path, passages: Passages, patience: timedelta) -> AsyncIterator[CutHouse]:
    """Run the service on an empty Redis."""
    campaign = folder / "campaign.toml"
    campaign.write_text(AT_ONCE)
    clock = PassingClock()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        redis = connect(redis_url)
        stack.push_async_callback(redis.aclose)
        await redis.flushall()
        twin = await enter(Twin(clock=clock, retry_after=PADDLE_REPEATS_AFTER))
        mailbox = await enter(MailServer())
        http = await enter(ClientSession())
        store = Store.open(redis_url, rate_limit=200)
        stack.push_async_callback(store.close)
        house = CutHouse(twin, mailbox, store, redis, http, clock, passages, patience)
        at_redis, at_paddle, at_mail = _address(redis_url), _address(twin.url), ("127.0.0.1", mailbox.port)

        edge_redis = await enter(CuttingProxy("webhooks → Redis", lambda: at_redis, RedisTalk, passages))
        edge_paddle = await enter(CuttingProxy("webhooks → Paddle", lambda: at_paddle, HttpTalk, passages))
        work_redis = await enter(CuttingProxy("worker → Redis", lambda: at_redis, RedisTalk, passages))
        work_paddle = await enter(CuttingProxy("worker → Paddle", lambda: at_paddle, HttpTalk, passages))
        work_mail = await enter(CuttingProxy("worker → mail server", lambda: at_mail, SmtpTalk, passages))
        twin.links.url = f"http://127.0.0.1:{edge_paddle.port}"

        def settings(redis: CuttingProxy, paddle: CuttingProxy) -> Settings:
            return settings_of(
                f"redis://127.0.0.1:{redis.port}/0",
                PADDLE_API_KEY=twin.api_key,
                PADDLE_API_URL=f"http://127.0.0.1:{paddle.port}",
                WEBHOOK_SECRETS=twin.webhook_secret,
                PUBLIC_URL=house.public_url or "http://127.0.0.1",
                PORTAL_LOGIN_URL=twin.portal_login_url,
                MAIL_URL=f"smtp://127.0.0.1:{work_mail.port}",
                CAMPAIGN_FILE=str(campaign),
            )

        runner = EdgeRunner(create_app(settings(edge_redis, edge_paddle), clock=clock), shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        at_edge = runner.addresses[0]
        house.public_url = f"http://127.0.0.1:{at_edge[1]}"
        front = await enter(CuttingProxy("Paddle → webhooks", lambda: at_edge, HttpTalk, passages))
        twin.notifications.url = f"http://127.0.0.1:{front.port}/webhooks/paddle"

        stop = asyncio.Event()
        working = asyncio.create_task(work_until(stop, settings(work_redis, work_paddle), clock))
        try:
            yield house
        finally:
            stop.set()
            await working


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)
