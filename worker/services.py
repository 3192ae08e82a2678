"""What the jobs work with: made once when the worker starts, closed when it stops."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import ClientSession

from dunning import time_limits
from dunning.casebook.campaigns import Campaigns
from dunning.errors import ConfigurationError
from dunning.links import Links
from dunning.paddle_api.client import PaddleClient
from dunning.settings.load import LinkMint, Settings
from dunning.store import Store
from worker import ports
from worker.chance import Chance
from worker.letters.render import Renderer
from worker.mail.create import create_transport
from worker.mail.transport import Transport

# How often a delivery is sent again that ended without an answer. With an idempotency key a repeat is harmless, but
# after this many repeats the provider has long forgotten the key. Without a key, a customer gets a mail at most twice.
REPEATS_WITH_KEY = 10
REPEATS_WITHOUT_KEY = 1
LAST_MOMENT = time_limits.LAST_RECORDS


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a job may use, whatever world it works in."""

    settings: Settings
    store: ports.Store
    paddle: ports.Paddle
    transport: Transport
    renderer: ports.Writer
    links: ports.Links
    campaigns: Campaigns
    clock: Callable[[], datetime]
    chance: Chance = field(default_factory=Chance)
    in_hand: set[str] = field(default_factory=set)
    """The due cases that this worker is at work on."""
    recording: set[asyncio.Task[None]] = field(default_factory=set)
    """The tasks that are writing what became of mails."""

    @property
    def minting_on_send(self) -> bool:
        """Whether mails carry Paddle's own link, made when the mail is."""
        return self.settings.link_mint is LinkMint.SEND

    @property
    def repeats(self) -> int:
        """How often a delivery that ended without an answer may be sent again.

        Never if the mail holds Paddle's own link: the repeat would hold a new link, and so be another mail.
        """
        if self.minting_on_send:
            return 0
        return REPEATS_WITH_KEY if self.transport.idempotent else REPEATS_WITHOUT_KEY

    @property
    def link_secrets(self) -> Sequence[str]:
        """The secrets of links, which also key the hashes of suppressed addresses."""
        return [secret.get_secret_value() for secret in self.settings.link_secrets]

    def in_background(self, record: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Write a record in a task, however long Redis is away. It outlives the job, and ends with the process."""
        task = asyncio.create_task(record)
        self.recording.add(task)
        task.add_done_callback(self.recording.discard)
        return task


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerServices(Services):
    """What a worker works with: Redis, Paddle's API and a mail server."""

    store: Store
    http: ClientSession
    paddle: PaddleClient
    renderer: Renderer
    machine_clock: Callable[[], datetime] = utc_now
    """This machine's own clock, whatever clock the rules go by."""

    async def close(self) -> None:
        """Wait a moment for what is being recorded, then close every connection."""
        if self.recording:
            await asyncio.wait(self.recording, timeout=LAST_MOMENT.total_seconds())
        for task in self.recording:
            task.cancel()
        await self.transport.close()
        await self.http.close()
        await self.store.close()


def brands_without_a_human(settings: Settings) -> list[str]:
    """Name the brands, as the campaign file does, whose mails offer no way to ask a question: no reply, no support."""
    if settings.mail_reply_to is not None:
        return []
    return [
        f"brand.{brand.key}" if brand.key else "brand"
        for brand in settings.brands.all
        if brand.reply_to is None and not brand.support
    ]


def check_templates(settings: Settings) -> Renderer:
    """Compile and try every template, before anything is started that may need one.

    Raises:
        ConfigurationError: one is broken, or a step names one that isn't there.
    """
    renderer = Renderer(settings.templates, settings.mail_from, settings.mail_reply_to, settings.mail_redirect)
    missing = [
        f"DUNNING_CAMPAIGN_FILE: step {step.name} of campaign {campaign.name} uses the template {step.template}, "
        "which is neither shipped nor in the folder that DUNNING_TEMPLATES names."
        for campaign in settings.campaigns
        for step in campaign.steps
        if not renderer.has_template(step.template)
    ]
    if missing:
        raise ConfigurationError(missing)
    return renderer


def open_services(
    settings: Settings, redis_url: str, renderer: Renderer, clock: Callable[[], datetime] = utc_now
) -> WorkerServices:
    """Make what the jobs work with. Has to be called in a running loop; connects to nothing yet."""
    store = Store.open(redis_url, rate_limit=settings.paddle.rate_limit)
    http = ClientSession()
    return WorkerServices(
        settings=settings,
        store=store,
        http=http,
        paddle=PaddleClient(
            http,
            api_url=settings.paddle.api_url,
            api_key=settings.paddle.api_key.get_secret_value(),
            limiter=store.limiter,
        ),
        transport=create_transport(settings.mail, settings.mail_from, settings.brands),
        renderer=renderer,
        links=Links([secret.get_secret_value() for secret in settings.link_secrets]),
        campaigns=Campaigns(store, settings.campaigns),
        clock=clock,
    )
