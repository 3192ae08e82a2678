"""A twin that runs in a thread of its own, for tests that are not asynchronous."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from paddle_twin.faults import Fault
from paddle_twin.notifications import Notification
from paddle_twin.server import Twin

Result = TypeVar("Result")


class TwinInThread:
    """A twin whose world is changed by plain calls. Use it as `with TwinInThread() as twin:`."""

    def __init__(self) -> None:
        """Prepare a twin on a free port, which sends no webhooks until it is told where to."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="paddle-twin", daemon=True)
        self._twin = Twin()

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        self._wait(self._twin.start())
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._wait(self._twin.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The base URL of the API and the origin of the portal."""
        return self._twin.url

    @property
    def api_key(self) -> str:
        """The key that the API accepts."""
        return self._twin.api_key

    @property
    def webhook_secret(self) -> str:
        """The secret that notifications are signed with."""
        return self._twin.webhook_secret

    @property
    def sent(self) -> list[Notification]:
        """Every notification so far, oldest first."""
        return list(self._twin.sent)

    def send_webhooks_to(self, url: str | None) -> None:
        """Send what happens from now on to this address. With None it stays unsent."""
        self._twin.notifications.url = url

    def add_customer(self, email: str, *, name: str | None = None) -> str:
        """Add a customer, and give their id."""
        return self._call(lambda: self._twin.world.add_customer(name=name, email=email))

    def add_subscription(self, customer_id: str, *, price: int = 2400, currency: str = "USD") -> str:
        """Add a subscription, and give its id. `price` is in minor units."""
        return self._call(lambda: self._twin.world.add_subscription(customer_id, price=price, currency=currency))

    def decline(self, subscription_id: str, code: str = "declined") -> str:
        """Decline a renewal, and give the id of the bill that is past due."""
        return self._call(lambda: self._twin.world.decline(subscription_id, code))

    def pay(self, transaction_id: str) -> None:
        """Pay a bill with a new card."""
        self._call(lambda: self._twin.world.pay(transaction_id))

    def cancel(self, subscription_id: str) -> None:
        """End a subscription for good, and its debts with it."""
        self._call(lambda: self._twin.world.cancel(subscription_id))

    def fail_next(self, route: str, what: Fault, times: int = 1) -> None:
        """Let the next calls of a route fail: a status, `reset`, `stall` or `not_json`. Route `*` is any."""
        self._call(lambda: self._twin.fail_next(route, what, times))

    def settled(self) -> None:
        """Wait until every notification is delivered or given up."""
        self._wait(self._twin.settled())

    def _call(self, change: Callable[[], Result]) -> Result:
        async def called() -> Result:
            return change()

        return self._wait(called())

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
