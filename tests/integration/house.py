"""The whole service in the test's own loop: twin, mailbox, edge and worker, over real HTTP, SMTP and Redis."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import ClientSession, web
from arq.worker import Worker

from cli.lab.mailbox.server import MailServer
from dunning.casebook.words import in_a_line
from dunning.rules.case import Case
from dunning.rules.delivery import DeliveryState
from dunning.settings.load import Settings
from dunning.store import Store
from paddle_twin import Twin
from tests.integration.edge import settings as settings_of
from tests.until import until
from webhooks.app import create_app
from webhooks.door import EdgeRunner
from worker.main import create_worker, stop_worker

AT_ONCE = """
[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = "0s"
template = "payment_failed"

[[campaign.renewal.step]]
name = "reminder"
after = "3d"
template = "reminder"
"""


@dataclass
class House:
    """A running service and the world around it."""

    settings: Settings
    twin: Twin
    mailbox: MailServer
    store: Store
    worker: Worker
    http: ClientSession

    def add_subscription(self, **customer: str | None) -> str:
        """Add a customer with one subscription to the twin, and give the subscription's id."""
        facts = {"name": "Ada Example", "email": "ada@customer.example", **customer}
        return self.twin.world.add_subscription(self.twin.world.add_customer(**facts))  # type: ignore[arg-type] # name may be None

    async def case(self, case_id: str) -> Case | None:
        """Read a case."""
        return await self.store.cases.read(case_id)

    async def delivery_ended(self, case_id: str, step: str = "first") -> DeliveryState:
        """Wait until the step is no longer on its way, and give how it ended."""

        async def state() -> DeliveryState | None:
            case = await self.case(case_id)
            return case.delivery(step).state if case and case.delivery(step).is_settled(repeats=1) else None

        return await until(state)

    async def case_ended(self, case_id: str) -> Case:
        """Wait until the case has ended."""

        async def ended() -> Case | None:
            case = await self.case(case_id)
            return case if case and not case.is_open else None

        return await until(ended)

    async def told(self, case_id: str) -> str:
        """Give the case's story as one text."""
        return "\n".join(in_a_line(line.entry) for line in await self.store.cases.story(case_id))


@asynccontextmanager
async def house(
    redis_url: str, folder: Path, *, campaign: str = AT_ONCE, working: bool = True, **changes: str
) -> AsyncIterator[House]:
    """Run the service. With `working` False there is no worker yet: start one with `run_worker`."""
    (folder / "campaign.toml").write_text(campaign)
    async with AsyncExitStack() as stack:
        # Kept open from here: a port that is let go may be another's before it is wanted.
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = door.getsockname()[1]
        twin = await stack.enter_async_context(Twin())
        mailbox = await stack.enter_async_context(MailServer())
        http = await stack.enter_async_context(ClientSession())
        given = settings_of(
            redis_url,
            **{
                "PADDLE_API_KEY": twin.api_key,
                "PADDLE_API_URL": twin.url,
                "WEBHOOK_SECRETS": twin.webhook_secret,
                "PUBLIC_URL": f"http://127.0.0.1:{port}",
                "PORTAL_LOGIN_URL": twin.portal_login_url,
                "MAIL_URL": mailbox.url,
                "MAIL_REDIRECT": "",
                "CAMPAIGN_FILE": str(folder / "campaign.toml"),
                **changes,
            },
        )
        runner = EdgeRunner(create_app(given, clock=_now))
        await runner.setup()
        await web.SockSite(runner, door).start()
        twin.notifications.url = f"http://127.0.0.1:{port}/webhooks/paddle"
        store = Store.open(redis_url, rate_limit=200)
        worker = create_worker(given)
        try:
            async with running(worker) if working else _nothing():
                yield House(given, twin, mailbox, store, worker, http)
        finally:
            await store.close()
            await runner.cleanup()


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """Run an arq worker."""
    working = asyncio.create_task(worker.async_run())
    try:
        yield
    finally:
        await stop_worker(worker, working)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


def _now() -> datetime:
    return datetime.now(UTC)
