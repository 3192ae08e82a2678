"""The twin as a whole, on loopback."""

import json
import secrets
import string
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Self

from aiohttp import web

from paddle_twin.api import Api, ApiCall
from paddle_twin.budget import Budget
from paddle_twin.control import Control
from paddle_twin.destinations import Destinations
from paddle_twin.event_log import EventLog
from paddle_twin.faults import Fault, PlannedFault
from paddle_twin.links import Links
from paddle_twin.notifications import Notification, Notifications
from paddle_twin.own_origin import own_origin_only
from paddle_twin.portal import Portal
from paddle_twin.simulations import Simulations
from paddle_twin.world import Event, World

# Paddle's: https://developer.paddle.com/api-reference/about/rate-limiting
CALLS_PER_MINUTE = 240

_LETTERS = string.ascii_lowercase + string.digits


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Twin:
    """Behaves as Paddle does. Tests change its world through `twin.world`, and webhooks tell of the changes.

    Use it as `async with Twin(...) as twin:`, or call `start` and `stop`.
    """

    def __init__(
        self,
        *,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        api_key: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        rate_limit: int = CALLS_PER_MINUTE,
        retry_after: timedelta = timedelta(seconds=1),
        seller: str = "Lantern Software",
        account: str = "acc_01jb2q8v6kxw3m9r5t7y0z4c1d",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Choose an address; port 0 is any free one.

        Without `webhook_url` notifications are kept unsent until `notifications.url` is set. Real Paddle waits a
        minute before its first retry; `retry_after` is shorter here. A key and a secret are made if none is given.
        Without `account` all twins have the same one, so that one twin may take the place of another.
        """
        self._host = host
        self._port = port
        self.world = World(seller=seller, clock=clock, tell=self._tell)
        self.notifications = Notifications(
            url=webhook_url, secret=webhook_secret or _made_secret(), retry_after=retry_after, clock=clock
        )
        self.links = Links(self.world)
        self.events = EventLog(clock)
        self.destinations = Destinations(
            self.world, self.links, make_secret=_made_secret, retry_after=retry_after, clock=clock
        )
        simulations = Simulations(self.world, self.links, self.destinations)
        self.api = Api(
            self.world,
            self.links,
            self.events,
            Budget(rate_limit),
            api_key or _made_key(),
            account,
            [*self.destinations.routes(), *simulations.routes()],
        )
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base URL of the API and the origin of the portal."""
        return self.links.url

    @property
    def portal_login_url(self) -> str:
        """The portal's login page."""
        return self.links.login_url

    @property
    def api_key(self) -> str:
        """The key that the API accepts."""
        return self.api.api_key

    @property
    def webhook_secret(self) -> str:
        """The secret that notifications are signed with."""
        return self.notifications.secret

    @property
    def calls(self) -> list[ApiCall]:
        """Every API call made so far."""
        return self.api.calls

    @property
    def counts(self) -> Counter[str]:
        """How often each route was called, as in `counts["POST /customers/{id}/portal-sessions"]`."""
        return self.api.counts

    @property
    def sent(self) -> list[Notification]:
        """Every notification so far, oldest first."""
        return self.notifications.sent

    async def start(self) -> Self:
        """Listen."""
        app = web.Application(middlewares=[own_origin_only])
        app.add_routes(Portal(self.world, self.links).routes())
        app.add_routes(Control(self).routes())
        app.add_routes(self.api.routes())  # last: it answers whatever path is left
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.links.url = f"http://{self._host}:{self._runner.addresses[0][1]}"
        self.notifications.start()
        return self

    async def stop(self) -> None:
        """Stop listening and sending. Calls that were stalled are cut off."""
        self.api.stopping.set()
        await self.notifications.stop()
        await self.destinations.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        """Start."""
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def fail_next(
        self, route: str, what: Fault, times: int = 1, *, code: str | None = None, retry_after: str | None = None
    ) -> None:
        """Let the next calls of a route fail: a status, `reset`, `stall` or `not_json`. Route `*` is any."""
        self.api.faults.plan(PlannedFault(route, what, times, code, retry_after))

    def send(
        self, event_type: str, data: dict[str, object], *, event_id: str | None = None, simulated: bool = False
    ) -> Notification:
        """Send an event that did not happen in this world: `api_key.revoked`, or one from Paddle's simulator."""
        event_prefix, notification_prefix = ("ntfsimevt", "ntfsimntf") if simulated else ("evt", "ntf")
        event = Event(event_id or self.world.new_id(event_prefix), event_type, self.world.clock(), json.dumps(data))
        if not simulated:
            self.events.note(event)
        return self.notifications.notify(event, self.world.new_id(notification_prefix))

    async def settled(self) -> None:
        """Wait until every notification is delivered or given up."""
        await self.notifications.settled()
        await self.destinations.settled()

    def replay(self, event_id: str) -> Notification:
        """Send an event once more, in a new notification."""
        return self.notifications.replay(event_id, self.world.new_id("ntf"))

    def _tell(self, event: Event) -> None:
        self.events.note(event)
        self.notifications.notify(event, self.world.new_id("ntf"))
        self.destinations.tell(event)


def _made_key() -> str:
    """Make a sandbox key: https://developer.paddle.com/api-reference/about/api-keys."""
    return f"pdl_sdbx_apikey_{_random(26)}_{_random(22)}_{_random(3)}"


def _made_secret() -> str:
    return f"pdl_ntfset_{_random(26)}_{_random(32)}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
