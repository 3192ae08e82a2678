"""A customer with several debts in the house, and what the worker's jobs work with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import partial

from cli.lab.mailbox.server import ReceivedMail
from tests.integration.house import House, running
from worker.handle_event import handle_event
from worker.mail.transport import Result, Transport
from worker.services import WorkerServices, check_templates, open_services
from worker.write_case import write_case

BY_CURRENCY = """
[campaign.yen]
on = "renewal_failed"
when = { currency = "JPY" }

[[campaign.yen.step]]
name = "first"
after = "0s"
template = "payment_failed"

[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = "0s"
template = "payment_failed"
"""


def subscriptions(home: House, *products: str, email: str = "ada@customer.example") -> list[str]:
    """Give one customer a subscription to each of these."""
    customer = home.twin.world.add_customer(name="Ada Example", email=email)
    return [home.twin.world.add_subscription(customer, product=product) for product in products]


def decline(home: House, subscription: str, code: str) -> str:
    return home.twin.world.decline(subscription, code)


def links(home: House, mail: ReceivedMail) -> list[str]:
    return [line for line in mail.text.splitlines() if line.startswith(home.settings.public_url)]


@dataclass
class Interrupted:
    """A transport that lets something happen just before DATA, the first time."""

    transport: Transport
    meanwhile: Callable[[], Awaitable[None]]
    happened: bool = False

    @property
    def idempotent(self) -> bool:
        return self.transport.idempotent

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        async def interrupted() -> bool:
            if not self.happened:
                self.happened = True
                await self.meanwhile()
            return await before_data()

        return await self.transport.send(mail, recipient=recipient, key=key, before_data=interrupted)

    async def probe(self) -> frozenset[str] | None:
        return await self.transport.probe()

    async def close(self) -> None:
        await self.transport.close()


@asynccontextmanager
async def served(
    home: House, meanwhile: Callable[[WorkerServices], Awaitable[None]] | None = None
) -> AsyncIterator[WorkerServices]:
    """Open what the jobs work with, all events handled and nothing swept; `meanwhile` happens just before DATA."""
    await home.twin.notifications.settled()
    redis_url = home.settings.redis_url.get_secret_value() if home.settings.redis_url else ""
    services = open_services(home.settings, redis_url, check_templates(home.settings))
    try:
        for notification in home.twin.sent:
            await handle_event(services, notification.event_id)
        if meanwhile is not None:
            services = replace(services, transport=Interrupted(services.transport, partial(meanwhile, services)))
        yield services
    finally:
        await services.close()


@asynccontextmanager
async def working(home: House, first: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[None]:
    """Run the worker once all events are handled, so that all cases are due together."""
    async with served(home):
        pass
    if first is not None:
        await first()
    async with running(home.worker):
        yield


async def hold(services: WorkerServices, case_id: str) -> None:
    """Let somebody else be at work on the case's first mail."""
    (read,) = await services.store.cases.read_versioned([case_id])
    assert read.case is not None
    claim = read.case.delivery("first").claim("somebody", services.clock())
    await write_case(services, read, read.case.with_delivery("first", claim))


async def grants(services: WorkerServices, count: int = 2) -> list[str]:
    """Reserve API calls, as the sweep does for a batch."""
    given = await services.store.limiter.ask(count, background=True)
    assert given is not None
    return [grant.id for grant in given]
