"""The service to measure: our commands as processes, with a Paddle and a mail server that we can look into."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.demo.story import CAMPAIGN
from cli.lab.clock import ShiftedClock
from cli.lab.mailbox.server import MailServer
from cli.lab.stack import Stack, running_stack
from dunning.campaign_file.reader import shipped
from dunning.paddle.events import EventType
from dunning.settings.env_file import over_the_file
from dunning.settings.load import LinkMint, Settings, load_settings
from paddle_twin import Twin
from paddle_twin.server import utc_now

# More than any measurement asks for, where the budget is not what is measured.
UNLIMITED = 1_000_000

LOGGED_WITHIN_SECONDS = 120.0
POLL_SECONDS = 0.005


class BrokenError(Exception):
    """What was measured did not do what it is for, so its figures say nothing."""


@dataclass(slots=True)
class Service:
    """The running service. Nothing is sent by the twin: the measurements do, when they are ready to."""

    stack: Stack
    twin: Twin
    mailbox: MailServer

    @property
    def port(self) -> int:
        """Where `webhooks` listens."""
        return int(self.stack.environment["DUNNING_PORT"])

    @property
    def secret(self) -> str:
        """What notifications are signed with."""
        return self.stack.environment["DUNNING_WEBHOOK_SECRETS"]

    @property
    def settings(self) -> Settings:
        """What our processes were started with."""
        return load_settings(over_the_file(self.stack.environment, None, "DUNNING_"))

    def decline(self, number: int) -> Iterator[bytes]:
        """Decline a renewal of a new customer at the twin, and give the notifications of it that change a case."""
        world, told = self.twin.world, len(self.twin.sent)
        customer_id = world.add_customer(name="Ada Example", email=f"ada.{number}@customer.example")
        world.decline(world.add_subscription(customer_id), "expired_card")
        wanted = {EventType.TRANSACTION_PAYMENT_FAILED, EventType.TRANSACTION_PAST_DUE}
        return (sent.body for sent in self.twin.sent[told:] if sent.event_type in wanted)


@asynccontextmanager
async def running_service(
    commands: Collection[str],
    *,
    mails_at_once: bool = False,
    mint: LinkMint = LinkMint.CLICK,
    our_limit: int = UNLIMITED,
    paddles_limit: int = UNLIMITED,
    clock: ShiftedClock | None = None,
) -> AsyncIterator[Service]:
    """Run these commands.

    Args:
        commands: `webhooks`, `worker`, both or none.
        mails_at_once: whether the first step is due at the failure; else as in the shipped campaign, hours after.
        mint: when portal sessions are made.
        our_limit: the API calls in a minute that Dunning allows itself.
        paddles_limit: those that Paddle allows.
        clock: what all go by, in place of real time.
    """
    async with Twin(rate_limit=paddles_limit, clock=clock or utc_now) as twin, MailServer() as mailbox:
        settings = {
            "DUNNING_PADDLE_API_KEY": twin.api_key,
            "DUNNING_PADDLE_API_URL": twin.url,
            "DUNNING_PADDLE_RATE_LIMIT": str(our_limit),
            "DUNNING_WEBHOOK_SECRETS": twin.webhook_secret,
            "DUNNING_PORTAL_LOGIN_URL": twin.portal_login_url,
            "DUNNING_MAIL_URL": mailbox.url,
            "DUNNING_BREAKER": "off",  # a storm is what it stops, and what some of this measures
        }
        campaign = CAMPAIGN if mails_at_once else shipped()
        async with running_stack(
            mint=mint, campaign=campaign, settings=settings, commands=commands, clock=clock
        ) as stack:
            yield Service(stack, twin, mailbox)


async def until_logged(service: Service, name: str, event: str) -> None:
    """Wait until a process has logged this: a worker opens no port to ask at.

    Raises:
        BrokenError: the process ended before.
    """
    part = service.stack.parts[name]
    line = f'"event": "{event}"'.encode()
    async with asyncio.timeout(LOGGED_WITHIN_SECONDS):
        while line not in part.log.read_bytes():
            if part.process.returncode is not None:
                raise BrokenError(f"`dunning {name}` ended: {service.stack.last_words(name)}")
            await asyncio.sleep(POLL_SECONDS)


def database(service: Service, number: int) -> str:
    """Return the URL of another database of the service's server, from 1 on."""
    return service.stack.server.url.replace("db=0", f"db={number}")


def resident_bytes(pid: int) -> int:
    """Return a process's share of memory: what it shares with others is divided among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise BrokenError(f"the kernel does not say how much memory {pid} has")
