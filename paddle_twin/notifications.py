"""The twin's webhooks: signed, sent until they are answered 200, and remembered.

https://developer.paddle.com/webhooks/about/respond-to-webhooks
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import ClientError, ClientSession, ClientTimeout

from paddle_twin.bodies import Json, stamp
from paddle_twin.world import Event

ANSWER_WITHIN = timedelta(seconds=5)
MOST_ATTEMPTS = 60


@dataclass(slots=True)
class Notification:
    """One event on its way to the destination. `answers` are the statuses got, 0 for none at all."""

    id: str
    event_id: str
    event_type: str
    body: bytes = field(repr=False)
    occurred_at: str
    entity_id: str | None
    customer_id: str | None
    status: str = "not_attempted"
    answers: list[int] = field(default_factory=list)
    origin: str = "event"
    last_attempt_at: datetime | None = None
    retry_at: datetime | None = None

    def listed(self) -> Json:
        """Write it as the API lists it: https://developer.paddle.com/api-reference/notifications/overview."""
        last = None if self.last_attempt_at is None else stamp(self.last_attempt_at)
        return {
            "id": self.id,
            "type": self.event_type,
            "status": self.status,
            "payload": json.loads(self.body),
            "occurred_at": self.occurred_at,
            "delivered_at": last if self.status == "delivered" else None,
            "replayed_at": None,
            "origin": self.origin,
            "last_attempt_at": last,
            "retry_at": None if self.retry_at is None else stamp(self.retry_at),
            "times_attempted": len(self.answers),
        }


class Notifications:
    """Sends every event to one destination. While `url` is None they stay unsent, like webhooks that got lost."""

    def __init__(
        self,
        *,
        url: str | None,
        secret: str,
        retry_after: timedelta,
        clock: Callable[[], datetime],
        parallel: int = 4,
    ) -> None:
        """Wait `retry_after` before the second attempt, and longer before each further one, as Paddle does."""
        self.url = url
        self.secret = secret
        self.sent: list[Notification] = []
        self._retry_seconds = retry_after.total_seconds()
        self._clock = clock
        self._parallel = parallel
        self._queue: asyncio.Queue[Notification] = asyncio.Queue()
        self._unsettled = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._timers: set[asyncio.TimerHandle] = set()

    def start(self) -> None:
        """Begin to send."""
        self._tasks = [asyncio.create_task(self._send_all()) for _ in range(self._parallel)]

    async def stop(self) -> None:
        """Stop sending, whatever is still to be sent."""
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._settled.set()  # what is unsent is given up

    def notify(self, event: Event, notification_id: str | None) -> Notification:
        """Send an event. Without `notification_id` the envelope has none, like that of some simulated events."""
        envelope = {
            "event_id": event.id,
            "event_type": event.type,
            "occurred_at": stamp(event.occurred_at),
        } | ({"notification_id": notification_id} if notification_id else {})
        outside = json.dumps(envelope)
        body = f'{{"data":{event.data},{outside[1:]}'.encode()  # data first, as Paddle writes it
        notification = _read(body)
        self._enqueue(notification)
        return notification

    def replay(self, event_id: str, notification_id: str) -> Notification:
        """Send an event again, as the dashboard's replay button does: the same event in a new notification.

        Raises:
            KeyError: No such event was ever sent.
        """
        found = {notification.event_id: notification for notification in self.sent}[event_id]
        body = json.loads(found.body)
        body["notification_id"] = notification_id
        notification = _read(json.dumps(body).encode())
        notification.origin = "replay"
        self._enqueue(notification)
        return notification

    async def settled(self) -> None:
        """Wait until everything is delivered or given up."""
        await self._settled.wait()

    def _enqueue(self, notification: Notification) -> None:
        self.sent.append(notification)
        if self.url is None:
            return
        self._unsettled += 1
        self._settled.clear()
        self._queue.put_nowait(notification)

    async def _send_all(self) -> None:
        async with ClientSession(timeout=ClientTimeout(total=ANSWER_WITHIN.total_seconds())) as http:
            while True:
                notification = await self._queue.get()
                await self._attempt(http, notification)
                if notification.status == "needs_retry":
                    self._retry_later(notification)
                else:
                    self._unsettled -= 1
                    if not self._unsettled:
                        self._settled.set()

    async def _attempt(self, http: ClientSession, notification: Notification) -> None:
        if self.url is None:
            notification.status = "failed"
            return
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Paddle",
            "Paddle-Version": "1",
            "Paddle-Signature": sign(notification.body, self.secret, int(self._clock().timestamp())),
        }
        try:
            async with http.post(self.url, data=notification.body, headers=headers, allow_redirects=False) as response:
                answer = response.status
        except (ClientError, OSError, ValueError, AssertionError):  # the last two: aiohttp, of an address that is none
            answer = 0
        notification.answers.append(answer)
        notification.last_attempt_at, notification.retry_at = self._clock(), None
        if answer == HTTPStatus.OK:
            notification.status = "delivered"
        else:
            notification.status = "failed" if len(notification.answers) >= MOST_ATTEMPTS else "needs_retry"

    def _retry_later(self, notification: Notification) -> None:
        def retry() -> None:
            self._timers.discard(timer)
            self._queue.put_nowait(notification)

        delay = self._retry_seconds * len(notification.answers) ** 1.1
        notification.retry_at = self._clock() + timedelta(seconds=delay)
        timer = asyncio.get_running_loop().call_later(delay, retry)
        self._timers.add(timer)


def _read(body: bytes) -> Notification:
    """Read what a body is about once, since that is asked for often."""
    envelope = json.loads(body)
    data = envelope["data"]
    return Notification(
        envelope.get("notification_id", ""),
        envelope["event_id"],
        envelope["event_type"],
        body,
        envelope["occurred_at"],
        data.get("id"),
        data.get("customer_id"),
    )


def sign(body: bytes, secret: str, unix_seconds: int) -> str:
    """Make a Paddle-Signature: https://developer.paddle.com/webhooks/about/signature-verification."""
    signed = f"{unix_seconds}:".encode() + body
    return f"ts={unix_seconds};h1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
