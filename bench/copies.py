"""Open cases by the million: one that a worker opened, written again and again under other ids."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis

from bench.service import BrokenError
from dunning.rules.case import Case
from dunning.store import keys

CHUNK = 5_000
# Stands for the time a copy is due at, which has as many digits.
_DUE_AT = b"<when-it-is->"
_PREFIX = len("txn_")


@dataclass(frozen=True, slots=True)
class Original:
    """What wrote one case, as Redis' protocol has it, and the ids in it, each as long as any other of its kind."""

    commands: bytes
    ids: tuple[bytes, ...]

    def copy(self, number: int, due_at_ms: int) -> bytes:
        """Return what writes it once more, under ids of its own."""
        text = self.commands.replace(_DUE_AT, b"%013d" % due_at_ms)
        for place, old in enumerate(self.ids):
            text = text.replace(old, _numbered(old, place, number))
        return text

    def case_id(self, number: int) -> str:
        """Return the id of a copy."""
        return _numbered(self.ids[0], 0, number).decode()


async def read_original(url: str, case: Case, event_ids: Sequence[str] = ()) -> Original:
    """Read what is kept of a case, and of these events.

    Raises:
        BrokenError: something of it has a type that nobody has taught us to copy.
    """
    ids = tuple(one.encode() for one in (case.id, case.subscription_id, case.customer_id, *event_ids))
    async with Redis.from_url(url) as redis:
        commands = [_command(b"ZADD", keys.DUE.encode(), _DUE_AT, ids[0])]
        async for key in redis.scan_iter():
            if any(one in key for one in ids):
                commands += await _writing(redis, key)
    return Original(b"".join(commands), ids)


async def write_copies(url: str, original: Original, count: int, due_at_ms: Callable[[int], int]) -> float:
    """Write so many copies into an empty database, and return by how many bytes of memory each of them adds.

    The disk is not waited for: nothing of this is meant to outlive anything.

    Raises:
        BrokenError: not all of them are there afterwards.
    """
    async with Redis.from_url(url) as redis:
        await redis.config_set("appendfsync", "no")
        before = (await redis.info("memory"))["used_memory"]
        async with _silent(url) as writer:
            for start in range(0, count, CHUNK):
                numbers = range(start, min(start + CHUNK, count))
                writer.write(b"".join(original.copy(number, due_at_ms(number)) for number in numbers))
                await writer.drain()
        after = (await redis.info("memory"))["used_memory"]
        await redis.config_set("appendfsync", "always")
        if (there := await redis.zcard(keys.DUE)) != count:
            raise BrokenError(f"{there} of {count} copies are there")
    return float(after - before) / count


async def _writing(redis: Any, key: bytes) -> list[bytes]:  # noqa: ANN401 - redis-py's annotations know no bytes as keys
    """Return what would write a key as it is."""
    left = await redis.pttl(key)
    kind = await redis.type(key)
    if kind == b"string":
        words = [_command(b"SET", key, await redis.get(key))]
    elif kind == b"set":
        words = [_command(b"SADD", key, *await redis.smembers(key))]
    elif kind == b"list":
        words = [_command(b"RPUSH", key, *await redis.lrange(key, 0, -1))]
    else:
        raise BrokenError(f"a case left a {kind.decode()} at {key.decode()}")
    return [*words, _command(b"PEXPIRE", key, b"%d" % left)] if left > 0 else words


@asynccontextmanager
async def _silent(url: str) -> AsyncIterator[asyncio.StreamWriter]:
    """Connect to the server's socket, and have it answer nothing until all is written."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_unix_connection(address.path)
    database = address.query.rpartition("=")[2].encode()
    writer.write(_command(b"SELECT", database) + _command(b"CLIENT", b"REPLY", b"OFF"))
    yield writer
    writer.write(_command(b"CLIENT", b"REPLY", b"ON"))
    for _ in range(2):  # of SELECT, and of the last: by then all is carried out
        await reader.readline()
    writer.close()
    await writer.wait_closed()


def _command(*words: bytes) -> bytes:
    """Write a command as Redis' protocol has it. https://redis.io/docs/latest/develop/reference/protocol-spec/."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _numbered(old: bytes, place: int, number: int) -> bytes:
    """Make another id of the same kind and length. `place` keeps two of one kind apart."""
    return old[:_PREFIX] + b"%d%0*d" % (place, len(old) - _PREFIX - 1, number)
