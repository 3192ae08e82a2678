"""How Redis is configured: what of that could lose work, stop it, or is simply good to know."""

from collections.abc import Awaitable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import ResponseError

from dunning.findings import Finding, Level
from dunning.store.driver.connection import RedisClient
from dunning.store.driver.reach import OLDEST, too_old
from dunning.store.health import Health
from dunning.time_limits import LARGEST_CLOCK_SKEW

NEARLY_FULL = 0.8
"""The share of the memory limit past which there is little left for a bad day."""

Told = Mapping[str, Any]


async def look_at_configuration(redis: RedisClient, machine_now: datetime) -> list[Finding]:
    """Look at the server. What a hosted Redis does not let us see is a note of its own, and not held against it.

    Raises:
        RedisError: it went away.
    """
    server = await _if_allowed(redis.info())
    policy = await _if_allowed(redis.config_get("maxmemory-policy", "appendonly", "appendfsync"))
    skew = machine_now - await Health(redis).time()
    return [
        *(_of_server(server) if server is not None else _unseen("redis.info", "INFO")),
        *_of_policy(policy, server or {}),
        *(_unseen("redis.config", "CONFIG GET") if policy is None else ()),
        _of_clock(skew),
    ]


async def _if_allowed(asked: Awaitable[Told]) -> Told | None:
    try:
        return await asked
    except ResponseError:
        return None


def _unseen(about: str, command: str) -> Iterator[Finding]:
    yield Finding(
        about,
        Level.NOTE,
        f"Could not look: Redis does not allow {command}.",
        "Make sure by its provider's settings: noeviction, an append-only file, and memory to spare.",
    )


def _of_server(server: Told) -> Iterator[Finding]:
    name, version = ("Valkey", server["valkey_version"]) if "valkey_version" in server else ("Redis", None)
    old = too_old(str(server.get("redis_version", "")))
    yield (
        Finding("redis.version", Level.FAILURE, old.problem, f"Install {OLDEST[0]}.{OLDEST[1]} or newer.")
        if old
        else Finding("redis.version", Level.OK, f"{name} {version or server.get('redis_version', 'unknown')}.")
    )
    if server.get("cluster_enabled"):
        yield Finding(
            "redis.cluster",
            Level.FAILURE,
            "Redis is in Cluster mode, and scripts write keys of several slots at once.",
            "Use one server, or one master behind Sentinel.",
        )
    if server.get("role", "master") != "master":
        yield Finding(
            "redis.role", Level.FAILURE, "This is a replica, which takes no writes.", "Name the master instead."
        )
    else:
        yield Finding("redis.role", Level.OK, "It is a master.")
    yield _of_memory(int(server.get("used_memory", 0)), int(server.get("maxmemory", 0)))


def _of_memory(used: int, limit: int) -> Finding:
    if not limit:
        return Finding("redis.memory", Level.OK, f"{_megabytes(used)} used, without a limit.")
    means = f"{_megabytes(used)} of {_megabytes(limit)} used."
    if used > NEARLY_FULL * limit:
        return Finding("redis.memory", Level.WARNING, means, "Raise maxmemory: a full Redis refuses events.")
    return Finding("redis.memory", Level.OK, means)


def _of_policy(policy: Told | None, server: Told) -> Iterator[Finding]:
    """Judge by CONFIG, or by INFO where only that is allowed."""
    eviction = (policy or {}).get("maxmemory-policy") or server.get("maxmemory_policy")
    if eviction == "noeviction":
        yield Finding("redis.eviction", Level.OK, "A full Redis refuses writes, and deletes nothing.")
    elif eviction is not None:
        yield Finding(
            "redis.eviction",
            Level.WARNING,
            "Redis may evict our data when memory runs out.",
            "Set maxmemory-policy to noeviction.",
        )
    append_only = (policy or {}).get("appendonly") or {0: "no", 1: "yes"}.get(server.get("aof_enabled", -1))
    if append_only == "no":
        yield Finding(
            "redis.persistence",
            Level.WARNING,
            "Redis may lose acknowledged events when it is killed.",
            "Set appendonly to yes.",
        )
    elif append_only == "yes":
        yield _of_fsync((policy or {}).get("appendfsync"))


def _of_fsync(fsync: str | None) -> Finding:
    if fsync in {None, "always"}:
        return Finding("redis.persistence", Level.OK, "What is written is appended to a file.")
    return Finding(
        "redis.persistence",
        Level.NOTE,
        f"appendfsync is {fsync}: a power cut may lose the last second, or more.",
        "Set appendfsync to always.",
    )


def _of_clock(skew: timedelta) -> Finding:
    seconds = abs(skew.total_seconds())
    if abs(skew) > LARGEST_CLOCK_SKEW:
        return Finding(
            "redis.clock",
            Level.FAILURE,
            f"This machine's clock and Redis' clock differ by {seconds:.1f} s, and a worker here sends nothing.",
            "Set both clocks by NTP.",
        )
    return Finding("redis.clock", Level.OK, f"This machine's clock and Redis' clock differ by {seconds:.1f} s.")


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:,.1f} MB"
