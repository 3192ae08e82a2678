"""Connections to the master that Sentinel names, where redis-py's own would wait for one that is gone."""

from typing import Any

from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff

from dunning.redis_url import parse_sentinel_url


class _AsksAgain(SentinelManagedConnection):
    """Try a master's address once, then ask the sentinels anew.

    redis-py's own tries the address as patiently as it asks. With all the patience in the world it would knock at a
    dead master for ever, and never hear of the new one.
    """

    async def connect_to(self, address: tuple[str, int]) -> None:
        patience, self.retry = self.retry, Retry(NoBackoff(), 0)
        try:
            await super().connect_to(address)  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        finally:
            self.retry = patience


class _AsksAgainOverTls(_AsksAgain, SentinelManagedSSLConnection):
    """The same, with TLS to the master."""


class _Pool(SentinelConnectionPool):
    """Close the connections to the sentinels with the others: redis-py's own leaves them open."""

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - as redis-py has it
        await super().disconnect(inuse_connections)
        if inuse_connections:
            for sentinel in self.sentinel_manager.sentinels:
                await sentinel.aclose()


def sentinel_pool(url: str, options: dict[str, Any]) -> ConnectionPool:
    """Return a pool of connections to whichever server is the master, with these options."""
    where = parse_sentinel_url(url)
    login = {"username": where.username, "password": where.password}
    client: Any = Sentinel(  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        where.sentinels,
        sentinel_kwargs={"socket_timeout": options["socket_timeout"], "password": where.sentinel_password},
        **options,
        **{name: value for name, value in login.items() if value},
    )
    pool: ConnectionPool = client.master_for(
        where.service,
        connection_pool_class=_Pool,
        connection_class=_AsksAgainOverTls if where.tls else _AsksAgain,
        db=where.db,
    ).connection_pool
    return pool
