"""A few kept SMTP connections: connecting, STARTTLS and login cost more than the mail itself."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import aiosmtplib


class SmtpPool:
    """Keeps connections that are ready for the next mail, and closes those that nobody needed for `idle_for`."""

    def __init__(
        self, connect: Callable[[], aiosmtplib.SMTP], *, size: int, idle_for: timedelta, reset_within: timedelta
    ) -> None:
        self._new_client = connect
        self._free = asyncio.Semaphore(size)
        self._idle_for = idle_for
        self._reset_within = reset_within
        # The last one put back is the first taken, so that under little load the others grow old and are closed.
        self._kept: list[tuple[aiosmtplib.SMTP, asyncio.TimerHandle]] = []
        self._closed = False

    async def enter(self) -> None:
        """Wait for room for one more connection in use. Call `leave` once for each `enter` that returned."""
        await self._free.acquire()

    def leave(self) -> None:
        """Give the room back."""
        self._free.release()

    def take_kept(self) -> aiosmtplib.SMTP | None:
        """Give a kept connection that still looks open, if there is one."""
        while self._kept:
            client, expiry = self._kept.pop()
            expiry.cancel()
            if client.is_connected:
                return client
            client.close()
        return None

    async def connect(self) -> aiosmtplib.SMTP:
        """Open a new connection. The caller greets and logs in. Raises what aiosmtplib raises."""
        client = self._new_client()
        await client.connect()
        return client

    def put_back(self, client: aiosmtplib.SMTP) -> None:
        """Keep a connection whose last mail was answered."""
        if self._closed or not client.is_connected:
            client.close()
            return
        expiry = asyncio.get_running_loop().call_later(self._idle_for.total_seconds(), self._expire, client)
        self._kept.append((client, expiry))

    async def put_back_unfinished(self, client: aiosmtplib.SMTP) -> None:
        """Make the server forget the envelope, and keep the connection if it did."""
        try:
            await client.rset(timeout=self._reset_within.total_seconds())
        except (aiosmtplib.SMTPException, OSError):
            client.close()
        self.put_back(client)

    async def close(self) -> None:
        """Say good-bye on every kept connection. Those in use are closed as they are put back."""
        self._closed = True
        kept, self._kept = self._kept, []
        for _, expiry in kept:
            expiry.cancel()
        await asyncio.gather(*(self._say_goodbye(client) for client, _ in kept))

    async def _say_goodbye(self, client: aiosmtplib.SMTP) -> None:
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=self._reset_within.total_seconds())
        client.close()

    def _expire(self, client: aiosmtplib.SMTP) -> None:
        self._kept = [(other, expiry) for other, expiry in self._kept if other is not client]
        client.close()
