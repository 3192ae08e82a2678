"""A proxy that stands in one connection of the service, and can cut it before or after any request."""

import asyncio
import socket
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import Callable
from typing import Self, TypeAlias

from tests.chaos.faults import Fault, Moment
from tests.chaos.passages import Passages
from tests.chaos.protocols import Request, Talk

Side: TypeAlias = tuple[StreamReader, StreamWriter]

LINE_LIMIT = 1 << 24
GREETING = Request(b"", "(connect)")
# How long an answer to a request that comes too late is waited for.
LATE_ANSWER_SECONDS = 2.0


class CuttingProxy:
    """Passes one request and then its answer at a time, and does what is planned where it is planned."""

    def __init__(
        self, link: str, target: Callable[[], tuple[str, int]], talk: Callable[[], Talk], passages: Passages
    ) -> None:
        self.link = link
        self._target = target
        self._talk = talk
        self._passages = passages
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=LINE_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        while self._writers:  # noqa: ASYNC110 - each connection's own task takes its writer away
            await asyncio.sleep(0)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._pass_all(reader, writer)
        except (OSError, IncompleteReadError):
            pass  # one side is gone, and so is the other now
        finally:
            writer.close()
            self._writers.discard(writer)

    async def _pass_all(self, reader: StreamReader, writer: StreamWriter) -> None:
        talk = self._talk()
        request = GREETING if talk.greeted else await talk.read_request(reader)
        to_reader, to_writer = await asyncio.open_connection(*self._target(), limit=LINE_LIMIT)
        try:
            while request is not None:
                if not await self._pass_one(request, talk, (reader, writer), (to_reader, to_writer)):
                    return
                request = await talk.read_request(reader)
        finally:
            to_writer.close()

    async def _pass_one(self, request: Request, talk: Talk, client: Side, server: Side) -> bool:
        """Pass a request and its answer, and return whether the connection goes on."""
        place = self._passages.arrive(self.link, request.label)
        if fault := self._passages.fault(place, Moment.BEFORE):
            await self._carry_out(fault, client)
            if fault is Fault.LATE:
                await _send_late(request, talk, server)
            return False
        with self._passages.under_way():
            server[1].write(request.raw)
            answer = await talk.read_answer(server[0])
        if fault := self._passages.fault(place, Moment.AFTER, answer):
            await self._carry_out(fault, client)
            return False
        self._passages.note(place, answer)
        client[1].write(answer)
        await client[1].drain()
        return True

    async def _carry_out(self, fault: Fault, client: Side) -> None:
        reader, writer = client
        if fault is Fault.RESET:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif fault in {Fault.STALL, Fault.LATE}:
            with self._passages.under_way():
                await _until_closed(reader)
        writer.close()
        self._passages.over()


async def _until_closed(reader: StreamReader) -> None:
    """Wait until the client gives up. What it says meanwhile goes nowhere."""
    try:
        while await reader.read(1 << 16):
            pass
    except OSError:
        pass


async def _send_late(request: Request, talk: Talk, server: Side) -> None:
    server[1].write(request.raw)
    async with asyncio.timeout(LATE_ANSWER_SECONDS):
        await talk.read_answer(server[0])
