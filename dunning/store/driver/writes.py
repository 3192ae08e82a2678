"""Writes to Redis: they can be canceled, and C puts the commands together.

redis-py bounds a write with `asyncio.wait_for`, which up to Python 3.11 loses a cancellation that comes just as the
write is done: https://github.com/python/cpython/issues/86296. A worker told to stop in that moment goes on for ever.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import TimeoutError as RedisTimeoutError


class OwnWrites(AbstractConnection):
    """A connection whose writes are bounded by `asyncio.timeout`, which loses nothing."""

    def pack_command(self, *args: Any) -> list[bytes]:  # noqa: ANN401 - as redis-py has it
        """Write a command as it goes over the wire. redis-py's own asyncio connections do so in Python."""
        name, *arguments = args
        words = name.encode().split() if isinstance(name, str) else name.split()  # `SCRIPT LOAD` is two
        return [hiredis.pack_command((*words, *arguments))]

    async def send_packed_command(
        self,
        command: bytes | str | Iterable[bytes],
        check_health: bool = True,  # noqa: FBT001, FBT002 - as redis-py has it
    ) -> None:
        """Write a command within the socket's timeout."""
        seconds, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(seconds):
                await super().send_packed_command(command, check_health)
        except TimeoutError:
            await self.disconnect(nowait=True)
            raise RedisTimeoutError("Timeout writing to socket") from None
        finally:
            self.socket_timeout = seconds


def with_own_writes(pool: ConnectionPool) -> ConnectionPool:
    """Have the pool make connections of its own kind, with such writes."""
    kind: Any = pool.connection_class
    pool.connection_class = type(f"OwnWriting{kind.__name__}", (OwnWrites, kind), {})
    return pool
