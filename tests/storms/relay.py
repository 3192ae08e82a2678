"""Passes bytes between connections: a load balancer in front of several receivers, and a way to Paddle that is slow."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from typing import Self

CHUNK = 1 << 16


class Relay:
    """Listens on a port of its own, and passes each connection on to where `target` says when it comes."""

    def __init__(self, target: Callable[[], tuple[str, int]]) -> None:
        self.port = 0
        self.delay = 0.0
        """How many seconds everything takes on its way, in both directions."""
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        while self._writers:  # noqa: ASYNC110 - each connection's own task takes its writers away
            await asyncio.sleep(0)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Close every connection."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError):
                to_reader, to_writer = await asyncio.open_connection(*self._target())
                self._writers.add(to_writer)
                try:
                    await asyncio.gather(self._pass(reader, to_writer), self._pass(to_reader, writer))
                finally:
                    to_writer.transport.abort()
                    self._writers.discard(to_writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _pass(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(chunk)
                await writer.drain()
        writer.close()
