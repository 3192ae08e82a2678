"""Connections to the master that Sentinel names, where redis-py's own would wait for one that is gone."""

import ssl
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff

from dunning.addresses.redis import TlsFiles, parse_sentinel_url


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


class SentinelTlsError(exceptions.ConnectionError):
    """No sentinel named a master, and TLS with one of them failed. The cause says how."""


class _Sentinel(Redis):
    """Remember why TLS failed: redis-py's search for the master keeps no more of an error than its words."""

    tls_error: ssl.SSLError | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as redis-py has it
        self.tls_error = None
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call] # as above
        except exceptions.ConnectionError as error:
            cause = error.__cause__ or error.__context__
            self.tls_error = cause if isinstance(cause, ssl.SSLError) else None
            raise


class _Sentinels(Sentinel):
    """Tell a sentinel that is not trusted from one that is away."""

    def __init__(self, sentinels: tuple[tuple[str, int], ...], asking: dict[str, Any], **options: Any) -> None:  # noqa: ANN401 - redis-py's
        super().__init__((), sentinel_kwargs=asking, **options)  # type: ignore[no-untyped-call] # as above
        self._asked = [_Sentinel(host=host, port=port, **asking) for host, port in sentinels]
        self.sentinels = [*self._asked]  # redis-py puts the one that answered first

    async def discover_master(self, service_name: str) -> Any:  # noqa: ANN401 - redis-py leaves it untyped
        try:
            return await super().discover_master(service_name)
        except MasterNotFoundError:
            for sentinel in self._asked:
                if sentinel.tls_error is not None:
                    raise SentinelTlsError("TLS with a sentinel fails") from sentinel.tls_error
            raise


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
    tls = _tls_options(where.tls) if where.tls else {}
    asking = {"socket_timeout": options["socket_timeout"], "password": where.sentinel_password}
    client: Any = _Sentinels(
        where.sentinels,
        asking | ({"ssl": True} | tls if where.tls else {}),
        **options,
        **tls,
        **{name: value for name, value in login.items() if value},
    )
    pool: ConnectionPool = client.master_for(
        where.service,
        connection_pool_class=_Pool,
        connection_class=_AsksAgainOverTls if where.tls else _AsksAgain,
        db=where.db,
    ).connection_pool
    return pool


def _tls_options(tls: TlsFiles) -> dict[str, Any]:
    """Name them as redis-py does. It checks no host's name unless told."""
    return {
        "ssl_ca_certs": tls.ca_certs,
        "ssl_certfile": tls.certfile,
        "ssl_keyfile": tls.keyfile,
        "ssl_check_hostname": tls.check_hostname,
    }
