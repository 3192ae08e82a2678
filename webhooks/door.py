"""Who may stay connected: aiohttp's server waits for a request's head for ever, and takes any number of connections.

The head must come in time. When there are too many connections, one is closed: first the one that was idle for longest,
then the one whose head is missing for longest, then the one that for longest has not sent its body or not read its
answer. So a client that sends its request at once is served, whoever else is there.
"""

import asyncio
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from webhooks.keys import LIMITS, METRICS, SPARING_LOG
from webhooks.limits import Limits
from webhooks.metrics import Metrics
from webhooks.sparing_log import SparingLog

FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ConnectionStage(Enum):
    """What a connection is doing."""

    HEAD = auto()  # its request line and headers are to come
    REQUEST = auto()  # a request is read, handled or answered
    IDLE = auto()  # all is answered, and nothing else has come


class Door:
    """The connections of one server by stage, in the order in which they came to it."""

    def __init__(self, limits: Limits, log: SparingLog, metrics: Metrics | None = None) -> None:
        """Let nobody in yet. With `metrics`, connections are counted there, and who is turned away."""
        self.limits = limits
        self._metrics = metrics
        self._log = log
        self._at: dict[ConnectionStage, dict[Connection, None]] = {stage: {} for stage in ConnectionStage}
        if metrics is not None:
            metrics.watch_connections(self._count)

    def admit(self, connection: "Connection") -> bool:
        """Let a connection in, if need be in place of another. Return False if all others are being served."""
        if self._count() >= self.limits.connections:
            leaving = next(self._dispensable(), None)
            if leaving is None:
                self.turn_away("full")
                return False
            leaving.evict("crowded")
        self._at[connection.stage][connection] = None
        return True

    def move(self, connection: "Connection", to: ConnectionStage) -> None:
        """Note that a connection came to a stage."""
        self.forget(connection)
        self._at[to][connection] = None

    def forget(self, connection: "Connection") -> None:
        """Note that a connection has left."""
        self._at[connection.stage].pop(connection, None)

    def turn_away(self, why: str) -> None:
        """Count and log a connection that was closed for a reason of ours."""
        if self._metrics is not None:
            self._metrics.count_turned_away(why)
        self._log.warning("http.turned_away", why, why=why, connections=self._count())

    def _count(self) -> int:
        return sum(map(len, self._at.values()))

    def _dispensable(self) -> "Iterator[Connection]":
        yield from self._at[ConnectionStage.IDLE]
        yield from self._at[ConnectionStage.HEAD]
        yield from (connection for connection in self._at[ConnectionStage.REQUEST] if connection.keeps_us_waiting)


class Connection(RequestHandler):
    """One connection, with deadlines."""

    __slots__ = ("_deadline", "_door", "_head_bytes", "_wire", "stage")

    def __init__(self, manager: "GuardedServer", door: Door, **options: Any) -> None:  # noqa: ANN401 - aiohttp's
        super().__init__(manager, **options)
        self._door = door
        self._deadline: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        # aiohttp forgets its own transport while there is still something to be written.
        self._wire: asyncio.Transport | None = None
        self.stage = ConnectionStage.HEAD

    @property
    def keeps_us_waiting(self) -> bool:
        """Whether it is the other side that has to do something: send the body, or read the answer."""
        request = self._current_request
        return self._paused or (request is not None and not request.content.is_eof())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room."""
        self._wire = cast("asyncio.Transport", transport)
        if not self._door.admit(self):
            self._wire.write(FULL)
            self._wire.close()
            return
        super().connection_made(transport)
        self._enter(ConnectionStage.HEAD)

    def data_received(self, data: bytes) -> None:
        """Take what has come: of a head, or of a request under way."""
        super().data_received(data)
        if self.stage is ConnectionStage.REQUEST or not data:
            return
        if self._messages:
            self._enter(ConnectionStage.REQUEST)
        # If nothing waits for a request (`_waiter` is None), the data is the rest of a refused body.
        elif self.stage is ConnectionStage.HEAD or self._waiter is not None:
            if self.stage is ConnectionStage.IDLE:
                self._enter(ConnectionStage.HEAD)
            self._head_bytes += len(data)
            if self._head_bytes > self._door.limits.head_bytes:
                self.evict("large_head")

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Answer, and be idle or go on with the next request that is here already."""
        finished = await super().finish_response(request, resp, start_time)
        self._enter(ConnectionStage.REQUEST if self._messages else ConnectionStage.IDLE)
        return finished

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._door.forget(self)
        self._wait_until(None, "")
        super().connection_lost(exc)

    def evict(self, why: str) -> None:
        """Close the connection at once, whatever it is doing."""
        self._door.forget(self)
        self._door.turn_away(why)
        self._wait_until(None, "")
        if self._wire is not None:
            self._wire.abort()

    def _enter(self, stage: ConnectionStage) -> None:
        if self.transport is None:
            return
        self._door.move(self, stage)
        self.stage = stage
        self._head_bytes = 0
        limits = self._door.limits
        if stage is ConnectionStage.HEAD:
            self._wait_until(limits.head.total_seconds(), "slow_head")
        elif stage is ConnectionStage.REQUEST:
            self._wait_until(limits.request.total_seconds(), "slow_request")
        else:
            self._wait_until(None, "")

    def _wait_until(self, seconds: float | None, why: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self._loop.call_later(seconds, self.evict, why)


class GuardedServer(web.Server):
    """aiohttp's server with a door."""

    def __init__(self, plain: web.Server, door: Door) -> None:
        """Handle requests as `plain` would."""
        super().__init__(
            plain.request_handler,
            request_factory=plain.request_factory,
            handler_cancellation=plain.handler_cancellation,
            **plain._kwargs,  # noqa: SLF001 - an application makes its server itself, and this is what it gave it
        )
        self._door = door

    def __call__(self) -> RequestHandler:
        """Make what serves a new connection."""
        return Connection(self, self._door, loop=self._loop, **self._kwargs)


class GuardedRunner(web.AppRunner):
    """Runs an application behind a door."""

    def __init__(self, app: web.Application, door: Door, **options: Any) -> None:  # noqa: ANN401 - aiohttp's
        super().__init__(app, **options)
        self._door = door

    async def _make_server(self) -> web.Server:
        return GuardedServer(await super()._make_server(), self._door)


class EdgeRunner(GuardedRunner):
    """Runs an application of `create_app` behind a door."""

    def __init__(self, app: web.Application, **options: Any) -> None:  # noqa: ANN401 - aiohttp's
        super().__init__(app, Door(app[LIMITS], app[SPARING_LOG], app[METRICS]), **options)
