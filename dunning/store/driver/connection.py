"""Connections to Redis, of two kinds. The edge gives up fast, the worker waits until an outage is over."""

import asyncio
import socket
from enum import StrEnum
from typing import Any, Final, TypeAlias

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from dunning.store.driver.outage import WaitOut
from dunning.store.driver.sentinel import sentinel_pool
from dunning.store.driver.writes import with_own_writes

# What a Redis that is away, slow or refusing raises.
REDIS_ERRORS: Final = (exceptions.RedisError, OSError, TimeoutError)

# A server that is coming back, or that has just become a replica, is worth another try on another connection.
PASSING: Final[list[type[Exception]]] = [
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    OSError,
    exceptions.BusyLoadingError,
    exceptions.ReadOnlyError,
]

# redis-py's annotations say of every command that its answer may or may not have to be awaited, which no type checker
# can use. What comes back is checked by whoever reads it.
RedisClient: TypeAlias = Any

SENTINEL_SCHEME: Final = "redis+sentinel"


class Patience(StrEnum):
    """How long a caller can wait for a Redis that is away."""

    LITTLE = "little"
    """One new try at once, then an error: somebody is waiting for an answer."""
    MUCH = "much"
    """Try until it is back: nobody waits, and an error would end arq's worker."""


def connect(url: str, patience: Patience) -> RedisClient:
    """Return a client; it connects when it is first used.

    Args:
        url: `redis://`, `rediss://`, `unix://` or `redis+sentinel://[user:password@]host[:port][,…]/SERVICE[/DB]`.
        patience: how long to wait for a Redis that is away.
    """
    return Redis(connection_pool=connection_pool(url, patience))


def connection_pool(url: str, patience: Patience) -> ConnectionPool:
    """Return the pool of connections for this address.

    Without redis-py's health checks: asked for a password we were not given, its check connects anew, which checks,
    and so on to the end of the stack. A connection that went stale is what the first retry is for.
    """
    options: dict[str, Any] = {
        "socket_timeout": 2.0 if patience is Patience.LITTLE else 5.0,
        "socket_connect_timeout": 1.5,
        "retry": Retry(NoBackoff(), 1) if patience is Patience.LITTLE else WaitOut(),
        "retry_on_error": PASSING,
    }
    if not url.startswith("unix:"):
        options |= {"socket_keepalive": True, "socket_keepalive_options": _keep_alive()}
    if url.startswith("rediss:") and "ssl_cert_reqs=none" not in url:
        options["ssl_check_hostname"] = True  # redis-py 5 would take any host's certificate; the URL may still say so
    if url.startswith(SENTINEL_SCHEME):
        return with_own_writes(sentinel_pool(url, options))
    return with_own_writes(BlockingConnectionPool.from_url(url, max_connections=64, timeout=5, **options))


async def disconnect(redis: RedisClient) -> None:
    """Close a client's connections, every one, even when the task that asks for it is canceled meanwhile.

    redis-py closes each of them in a task of its own, and a task that is canceled before its first step does nothing.
    """
    closing = asyncio.ensure_future(redis.aclose(close_connection_pool=True))
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await asyncio.gather(closing, return_exceptions=True)  # redis-py bounds it by the time to connect
        raise


def _keep_alive() -> dict[int, int]:
    """Notice a peer that vanished without a word after a minute, on systems that let us say so."""
    wanted = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
    return {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}
