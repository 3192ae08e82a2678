"""Sending alerts by apprise, which is synchronous inside: each in a thread of its own, and none waited for too long."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from dunning.alerts import Alert
from dunning.settings.alert_urls import AlertUrls
from dunning.watch.words import Message

log = structlog.get_logger()

# apprise gives each connection and each answer 4 s, unless the URL says otherwise.
SEND_WITHIN: Final = timedelta(seconds=20)
PING_WITHIN: Final = timedelta(seconds=10)


class AlertSender:
    """Tells people, and pings for as long as all is well."""

    def __init__(self, urls: AlertUrls) -> None:
        self._urls = urls
        self.failed = 0
        """How many messages and pings a URL did not take. Whoever counts them takes them off."""

    async def tell(self, message: Message) -> bool:
        """Return whether the message reached somebody, or there is nobody to tell."""
        if not self._urls.tell:
            return True
        sent = await asyncio.gather(
            *(self._tell(place, url.get_secret_value(), message) for place, url in enumerate(self._urls.tell, start=1))
        )
        return any(sent)

    async def ping(self) -> None:
        """Ping each URL. One that fails is logged: whoever waits for it will say so too."""
        timeout = ClientTimeout(total=PING_WITHIN.total_seconds())
        async with ClientSession(timeout=timeout) as http:
            for place, url in enumerate(self._urls.ping, start=1):
                try:
                    async with http.get(url.get_secret_value()) as response:
                        response.raise_for_status()
                except (ClientError, OSError, TimeoutError) as error:
                    self.failed += 1
                    log.warning("alert.ping_failed", place=place, error=type(error).__name__)

    @property
    def services(self) -> tuple[str, ...]:
        """By which services people are told. What else stands in their URLs is secret."""
        return tuple(urlsplit(url.get_secret_value()).scheme for url in self._urls.tell)

    @property
    def has_listeners(self) -> bool:
        """Whether there is anybody to tell, or anything to ping."""
        return bool(self._urls.tell or self._urls.ping)

    @property
    def pings(self) -> bool:
        """Whether there is something to ping."""
        return bool(self._urls.ping)

    async def _tell(self, place: int, url: str, message: Message) -> bool:
        """Return whether this URL took the message."""
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                sent = await _in_own_thread(lambda: _notify(url, message))
        except TimeoutError:
            sent = False
        if not sent:
            self.failed += 1
            log.error(Alert.NOT_DELIVERED, place=place, scheme=urlsplit(url).scheme)
        return sent


def _notify(url: str, message: Message) -> bool:
    import apprise  # noqa: PLC0415 - an extra, and of use to who is told alone

    to = apprise.Apprise()
    to.add(url)
    kind = apprise.NotifyType.FAILURE if message.bad else apprise.NotifyType.SUCCESS
    return bool(to.notify(title=message.title, body=message.body, notify_type=kind))


async def _in_own_thread(work: Callable[[], bool]) -> bool:
    """Run this in a thread that keeps no process from ending, as those of the loop's own pool would."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def set_result(result: bool) -> None:  # noqa: FBT001 - called back with it
        if not done.done():
            done.set_result(result)

    def run() -> None:
        try:
            result = work()
        except Exception:  # noqa: BLE001 - plugins are many, and whatever one raises means that nobody was told
            result = False
        try:
            loop.call_soon_threadsafe(set_result, result)
        except RuntimeError:  # the loop has ended, and nobody waits any more
            return

    threading.Thread(target=run, daemon=True).start()
    return await done
