"""The twin of Paddle and the mailbox by themselves, on ports that stay the same, for other people's tests."""

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import ClientSession

from cli.demo.page.page import DemoPage
from cli.demo.page.ports import WEBHOOK_URL, Ports
from cli.demo.page.scene import Scene
from cli.lab.mailbox.server import MailServer
from cli.lab.mailbox.server import listing as mail_listing
from cli.local_page.listen import listening, taken
from paddle_twin import Twin

# Nobody's: the same every time, so that a test's settings can be written down.
API_KEY = "pdl_sdbx_apikey_demo"
WEBHOOK_SECRET = "pdl_ntfset_demo"  # noqa: S105 - it guards nothing
PORTAL_ID = "cpl_demo"


@dataclass(frozen=True, slots=True)
class Served:
    """Where everything is."""

    page_url: str
    twin_url: str
    smtp_url: str
    mailbox_url: str
    settings: dict[str, str]
    """The variables that lead Dunning here."""


@asynccontextmanager
async def serving(ports: Ports, *, webhook_url: str = WEBHOOK_URL) -> AsyncIterator[Served]:
    """Serve a twin, a mailbox and the page that shows them.

    Raises:
        ConfigurationError: a port is taken.
    """
    async with AsyncExitStack() as cleanup:
        twin = Twin(
            webhook_url=webhook_url,
            webhook_secret=WEBHOOK_SECRET,
            api_key=API_KEY,
            port=ports.twin,
            retry_after=timedelta(seconds=1),
        )
        twin.world.portal_id = PORTAL_ID
        cleanup.push_async_callback(twin.stop)
        mailbox = MailServer(port=ports.smtp)
        cleanup.push_async_callback(mailbox.stop)
        await _started(twin.start, ports.twin)
        await _started(mailbox.start, ports.smtp)
        mailbox_url = await cleanup.enter_async_context(listening(mail_listing(mailbox), ports.mailbox))
        settings = {
            "DUNNING_PADDLE_API_URL": twin.url,
            "DUNNING_PADDLE_API_KEY": API_KEY,
            "DUNNING_WEBHOOK_SECRETS": WEBHOOK_SECRET,
            "DUNNING_PORTAL_LOGIN_URL": twin.portal_login_url,
            "DUNNING_MAIL_URL": mailbox.url,
        }
        http = await cleanup.enter_async_context(ClientSession())
        page = DemoPage(Scene(http, twin.url, mailbox_url), connect=settings)
        page_url = await cleanup.enter_async_context(listening(page.app(), ports.page))
        yield Served(page_url, twin.url, mailbox.url, mailbox_url, settings)


async def _started(start: Callable[[], Awaitable[object]], port: int) -> None:
    try:
        await start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise taken(port) from None
