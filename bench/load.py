"""A client that asks as fast as it is answered, over kept connections, and notes how long each answer took."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

END_OF_HEAD = b"\r\n\r\n"
OK = b"HTTP/1.1 200 "


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. `latencies_seconds` has one entry for each answer, `client_seconds` is CPU time of our own."""

    seconds: float
    client_seconds: float
    latencies_seconds: list[float]
    refused: int

    @property
    def per_second(self) -> float:
        """How many answers there were in a second."""
        return len(self.latencies_seconds) / self.seconds


async def put_load(host: str, port: int, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send every request, `connections` at a time. Answers must have an empty body.

    Raises:
        ConnectionError: a connection was closed before all was answered.
    """
    waiting = iter(requests)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: _Asker(waiting), host, port) for _ in range(connections)]
    askers = [asker for _, asker in opened]
    began, worked = time.perf_counter(), time.process_time()
    for asker in askers:
        asker.ask()
    await asyncio.gather(*(asker.done for asker in askers))
    seconds, client_seconds = time.perf_counter() - began, time.process_time() - worked
    for transport, _ in opened:
        transport.close()
    return Load(
        seconds,
        client_seconds,
        [one for asker in askers for one in asker.latencies],
        sum(asker.refused for asker in askers),
    )


class _Asker(asyncio.Protocol):
    """One connection: asks, waits for the answer, asks again."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._answer = b""
        self._asked_at = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("The server closed the connection."))

    def ask(self) -> None:
        """Send the next request, if one is left."""
        request = next(self._requests, None)
        if request is None or self._transport is None:
            self.done.set_result(None)
            return
        self._asked_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if END_OF_HEAD not in self._answer:
            return
        self.latencies.append(time.perf_counter() - self._asked_at)
        self.refused += not self._answer.startswith(OK)
        self._answer = b""
        self.ask()
