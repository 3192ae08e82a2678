"""Reading a request, and its answer, off a stream: as much of each protocol as cutting between the two needs."""

from asyncio import IncompleteReadError, StreamReader
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from tests.chaos.labels import QUEUED, http_label, redis_label

CRLF = b"\r\n"
START_INPUT = b"354"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came, and a name for it that is the same in every run."""

    raw: bytes
    label: str


class Talk(Protocol):
    """One connection's conversation."""

    greeted: bool
    """Whether the server speaks first."""

    async def read_request(self, client: StreamReader) -> Request | None:
        """Read the next request; None when the client has closed."""

    async def read_answer(self, server: StreamReader) -> bytes:
        """Read the answer to the last request."""


class RedisTalk:
    """Redis' protocol. A transaction is read as a whole, so that each of its commands can be named for it."""

    greeted = False

    def __init__(self) -> None:
        self._waiting: deque[Request] = deque()

    async def read_request(self, client: StreamReader) -> Request | None:
        if self._waiting:
            return self._waiting.popleft()
        raw, words = await _read_command(client)
        if not raw:
            return None
        if words[0].upper() != b"MULTI":
            return Request(raw, redis_label(words))
        commands = [(raw, words)]
        while commands[-1][1][0].upper() != b"EXEC":
            commands.append(await _read_command(client))
        of = redis_label(commands[1][1])
        inner = [Request(raw, f"{redis_label(words)}{QUEUED}") for raw, words in commands[1:-1]]
        self._waiting.extend([*inner, Request(commands[-1][0], f"EXEC of {of}")])
        return Request(raw, f"MULTI of {of}")

    async def read_answer(self, server: StreamReader) -> bytes:
        line = await _read_line(server)
        kind, count = line[:1], line[1:-2]
        if kind == b"$" and int(count) >= 0:
            return line + await server.readexactly(int(count) + 2)
        if kind == b"*":
            return line + b"".join([await self.read_answer(server) for _ in range(int(count))])
        return line


class HttpTalk:
    """HTTP/1.1, as far as our own clients and servers speak it: every body has a Content-Length, or there is none."""

    greeted = False

    async def read_request(self, client: StreamReader) -> Request | None:
        raw = await _read_http(client)
        return Request(raw, http_label(raw)) if raw else None

    async def read_answer(self, server: StreamReader) -> bytes:
        raw = await _read_http(server)
        if not raw:
            raise IncompleteReadError(b"", None)
        return raw


class SmtpTalk:
    """SMTP. The mail itself, after DATA, is a request of its own."""

    greeted = True

    def __init__(self) -> None:
        self._mail_follows = False

    async def read_request(self, client: StreamReader) -> Request | None:
        if self._mail_follows:
            self._mail_follows = False
            return Request(await client.readuntil(CRLF + b"." + CRLF), "the mail")
        line = await client.readline()
        return Request(line, line.split()[0].decode().upper()) if line else None

    async def read_answer(self, server: StreamReader) -> bytes:
        lines = [await _read_line(server)]
        while lines[-1][3:4] == b"-":
            lines.append(await _read_line(server))
        self._mail_follows = lines[0].startswith(START_INPUT)
        return b"".join(lines)


async def _read_command(client: StreamReader) -> tuple[bytes, list[bytes]]:
    head = await client.readline()
    if not head:
        return b"", []
    raw, words = [head], []
    for _ in range(int(head[1:])):
        length = await _read_line(client)
        word = await client.readexactly(int(length[1:]) + 2)
        raw += [length, word]
        words.append(word[:-2])
    return b"".join(raw), words


async def _read_http(reader: StreamReader) -> bytes:
    try:
        head = await reader.readuntil(CRLF + CRLF)
    except IncompleteReadError as error:
        if error.partial:
            raise
        return b""
    headers = dict(line.lower().split(b":", 1) for line in head.split(CRLF)[1:] if line)
    if b"transfer-encoding" in headers:
        raise AssertionError("nobody here sends chunks")
    return head + await reader.readexactly(int(headers.get(b"content-length", b"0")))


async def _read_line(reader: StreamReader) -> bytes:
    line = await reader.readline()
    if not line.endswith(CRLF):
        raise IncompleteReadError(line, None)
    return line
