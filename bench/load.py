"""A client that asks as fast as it is answered, or at a pace, and notes how long each answer took."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

END_OF_HEAD = b"\r\n\r\n"
OK = b"HTTP/1.1 200 "


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. `latencies_seconds` has one entry for each answer, `client_seconds` is CPU time of our own.

    `refused_ones` are the places of the requests that were not answered 200.
    """

    seconds: float
    client_seconds: float
    latencies_seconds: list[float]
    refused_ones: frozenset[int]

    @property
    def refused(self) -> int:
        """How many were not answered 200."""
        return len(self.refused_ones)

    @property
    def per_second(self) -> float:
        """How many answers there were in a second."""
        return len(self.latencies_seconds) / self.seconds


async def put_load(
    host: str, port: int, requests: Sequence[bytes], *, connections: int, per_second: float | None = None
) -> Load:
    """Send every request, `connections` at a time. Bodies of answers are not looked at, and must come with their heads.

    With `per_second`, each has its moment, whenever others are answered, and its time runs from that moment.

    What a closed connection left unanswered counts as refused, and is not sent again. Another one takes its place.

    Raises:
        OSError: there is nobody to connect to.
    """
    loop = asyncio.get_running_loop()
    begins_at = loop.time() + 0.1
    moments = (begins_at + number / per_second if per_second else 0.0 for number in range(len(requests)))
    waiting = iter(zip(range(len(requests)), moments, requests, strict=True))
    askers = [_Asker(waiting, host, port) for _ in range(connections)]
    for asker in askers:
        await asker.connect()
    began, worked = time.perf_counter(), time.process_time()
    for asker in askers:
        asker.ask()
    await asyncio.gather(*(asker.done for asker in askers))
    seconds, client_seconds = time.perf_counter() - began, time.process_time() - worked
    for asker in askers:
        asker.close()
    return Load(
        seconds,
        client_seconds,
        [one for asker in askers for one in asker.latencies],
        frozenset(number for asker in askers for number in asker.refused),
    )


class _Asker(asyncio.Protocol):
    """One connection: asks, waits for the answer, asks again."""

    def __init__(self, requests: Iterator[tuple[int, float, bytes]], host: str, port: int) -> None:
        self._requests = requests
        self._address = host, port
        self._connecting: asyncio.Task[None] | None = None
        self._number = 0
        self._answer = b""
        self._asked_at = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.refused: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        if not self.done.done():
            self.refused.append(self._number)
            self._connecting = asyncio.ensure_future(self._go_on())

    async def connect(self) -> None:
        """Open the connection."""
        await asyncio.get_running_loop().create_connection(lambda: self, *self._address)

    async def _go_on(self) -> None:
        try:
            await self.connect()
        except OSError as error:
            self.done.set_exception(error)
        else:
            self._answer = b""
            self.ask()

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def ask(self) -> None:
        """Send the next request when its moment has come, if one is left."""
        self._number, moment, request = next(self._requests, (0, 0.0, None))
        if request is None or self._transport is None:
            self.done.set_result(None)
            return
        loop = asyncio.get_running_loop()
        self._asked_at = moment or loop.time()
        if moment > loop.time():
            loop.call_at(moment, self._transport.write, request)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if END_OF_HEAD not in self._answer:
            return
        self.latencies.append(asyncio.get_running_loop().time() - self._asked_at)
        if not self._answer.startswith(OK):
            self.refused.append(self._number)
        self._answer = b""
        self.ask()
