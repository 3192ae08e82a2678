"""Who may stay connected: aiohttp's server waits for a request's head for ever, and takes any number of connections.

The head must come in time. When there are too many connections, one is closed: first the one that was idle for longest,
then the one whose head is missing for longest, then the one that for longest has not sent its body or not read its
answer. So a client that sends its request at once is served, whoever else is there.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import IntEnum, auto
from typing import Any, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from webhooks.keys import LIMITS, METRICS, SPARING_LOG
from webhooks.limits import Limits
from webhooks.metrics import Metrics
from webhooks.sparing_log import SparingLog
from webhooks.surroundings import Handle, surrounded

FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ConnectionStage(IntEnum):
    """What a connection is doing. Numbers, since Python takes its time to hash any other constant."""

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
        self._at = {
            ConnectionStage.HEAD: _Room(limits.head, "slow_head"),
            ConnectionStage.REQUEST: _Room(limits.request, "slow_request"),
            ConnectionStage.IDLE: _Room(),
        }
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
        self._at[connection.stage].enter(connection)
        return True

    def move(self, connection: "Connection", to: ConnectionStage) -> None:
        """Note that a connection came to a stage."""
        self._at[connection.stage].since.pop(connection, None)
        self._at[to].enter(connection)

    def forget(self, connection: "Connection") -> None:
        """Note that a connection has left."""
        self._at[connection.stage].since.pop(connection, None)

    def turn_away(self, why: str) -> None:
        """Count and log a connection that was closed for a reason of ours."""
        if self._metrics is not None:
            self._metrics.count_turned_away(why)
        self._log.warning("http.turned_away", why, why=why, connections=self._count())

    def _count(self) -> int:
        return sum(len(room.since) for room in self._at.values())

    def _dispensable(self) -> "Iterator[Connection]":
        yield from self._at[ConnectionStage.IDLE].since
        yield from self._at[ConnectionStage.HEAD].since
        yield from (one for one in self._at[ConnectionStage.REQUEST].since if one.keeps_us_waiting)


class _Room:
    """The connections at one stage, and since when (seconds of the loop's clock), in the order in which they came.

    Who stays for too long is evicted. As all may stay for the same time, one timer is enough: for who came first.
    A timer for each request, and what `resume_reading` spares, take some 10 of a webhook's 240 microseconds.
    """

    def __init__(self, limit: timedelta | None = None, why: str = "") -> None:
        self.since: dict[Connection, float] = {}
        self._limit_seconds = limit.total_seconds() if limit is not None else None
        self._why = why
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, connection: "Connection") -> None:
        """Let a connection in."""
        loop = asyncio.get_running_loop()
        now = self.since[connection] = loop.time()
        if self._timer is None and self._limit_seconds is not None:
            self._timer = loop.call_at(now + self._limit_seconds, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._limit_seconds is not None  # noqa: S101 - else there is no timer
        self._timer = None
        while self.since:
            connection, came_at = next(iter(self.since.items()))
            leaves_at = came_at + self._limit_seconds
            if leaves_at > loop.time():
                self._timer = loop.call_at(leaves_at, self._look, loop)
                return
            connection.evict(self._why)


class Connection(RequestHandler):
    """One connection, with deadlines."""

    __slots__ = ("_door", "_head_bytes", "_wire", "stage")

    def __init__(self, manager: "GuardedServer", door: Door, **options: Any) -> None:  # noqa: ANN401 - aiohttp's
        super().__init__(manager, **options)
        self._door = door
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

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - as aiohttp has it
        """Read on, if reading was paused. aiohttp asks for it after every body, and looks for more in its parser."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

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
        super().connection_lost(exc)

    def evict(self, why: str) -> None:
        """Close the connection at once, whatever it is doing."""
        self._door.forget(self)
        self._door.turn_away(why)
        if self._wire is not None:
            self._wire.abort()

    def _enter(self, stage: ConnectionStage) -> None:
        if self.transport is None:
            return
        self._door.move(self, stage)
        self.stage = stage
        self._head_bytes = 0


class GuardedServer(web.Server):
    """aiohttp's server with a door."""

    def __init__(self, plain: web.Server, door: Door, surround: Callable[[Handle], Handle]) -> None:
        """Handle requests as `plain` would, surrounded."""
        super().__init__(
            surround(plain.request_handler),
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
        return GuardedServer(await super()._make_server(), self._door, self._surround)

    def _surround(self, handle: Handle) -> Handle:
        return handle


class EdgeRunner(GuardedRunner):
    """Runs an application of `create_app` behind a door."""

    def __init__(self, app: web.Application, **options: Any) -> None:  # noqa: ANN401 - aiohttp's
        super().__init__(app, Door(app[LIMITS], app[SPARING_LOG], app[METRICS]), **options)

    def _surround(self, handle: Handle) -> Handle:
        return surrounded(handle)
