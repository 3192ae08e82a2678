"""What the processes know of each other: who lives, whose clock is off, and how long the certificate still lasts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from dunning.instants import to_milliseconds
from dunning.store import keys
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient

# A process whose clock is off says so every few seconds. One that is gone says nothing more.
CLOCK_COUNTS_FOR = timedelta(minutes=2)
METRICS_COUNT_FOR = timedelta(minutes=2)


class Role(StrEnum):
    """The kinds of process there are."""

    WEBHOOKS = "webhooks"
    WORKER = "worker"


class Watching:
    """Signs of life, and what one process finds out for all."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._beat = scripts.load(redis, "beat")

    async def beat(self, role: Role, process: str, *, clock_is_off: bool) -> None:
        """Note that a process lives.

        Args:
            role: its kind.
            process: tells it from others of its kind.
            clock_is_off: whether its clock differs from Redis' too much to be worked with.
        """
        await self._beat(
            keys=[keys.BEATS, keys.CLOCKS_OFF],
            args=[role, process, int(clock_is_off), round(CLOCK_COUNTS_FOR.total_seconds() * 1000), *Role],
        )

    async def show_metrics(self, process: str, text: bytes, now: datetime) -> None:
        """Show what a process counted for itself, and forget those that have shown nothing for two minutes."""
        shown = await self._redis.hgetall(keys.METRICS)
        gone = [name for name, one in shown.items() if not _is_fresh(one, now)]
        async with self._redis.pipeline(transaction=True) as pipe:
            if gone:
                pipe.hdel(keys.METRICS, *gone)
            pipe.hset(keys.METRICS, process, b"%d\n%s" % (to_milliseconds(now), text))
            await pipe.execute()

    async def shown_metrics(self, now: datetime) -> dict[str, bytes]:
        """Return what each process that lives counted for itself, in Prometheus' text format."""
        shown = await self._redis.hgetall(keys.METRICS)
        return {name.decode(): one.partition(b"\n")[2] for name, one in shown.items() if _is_fresh(one, now)}

    async def take_certificate_look(self, every: timedelta) -> bool:
        """Return whether it is the caller's turn to look at the certificate of the public address."""
        every_ms = round(every.total_seconds() * 1000)
        return bool(await self._redis.set(keys.CERTIFICATE_LOOK, "1", px=every_ms, nx=True))

    async def keep_certificate_end(self, ends_at: datetime) -> None:
        """Note when the certificate ends. It is forgotten unless somebody sees the certificate again within a day."""
        keep_ms = round(keys.KEEP_CERTIFICATE.total_seconds() * 1000)
        await self._redis.set(keys.CERTIFICATE, to_milliseconds(ends_at), px=keep_ms)


def _is_fresh(shown: bytes, now: datetime) -> bool:
    return to_milliseconds(now - METRICS_COUNT_FOR) <= int(shown.partition(b"\n")[0])


def look_at_processes(pipe: RedisClient) -> None:
    """Put into a pipeline what `gauges_of_processes` is given."""
    pipe.hgetall(keys.BEATS)
    pipe.zrange(keys.CLOCKS_OFF, 0, -1, withscores=True)
    pipe.get(keys.CERTIFICATE)
    pipe.time()


def gauges_of_processes(
    beats: Mapping[bytes, bytes],
    clocks_off: Sequence[tuple[bytes, float]],
    certificate: bytes | None,
    redis_time: tuple[int, int],
    *,
    now: datetime,
) -> dict[str, float]:
    """Return what the processes' signs say, as gauges. All but the certificate's go by Redis' clock."""
    seconds, microseconds = redis_time
    redis_ms = seconds * 1000 + microseconds // 1000
    gauges = {f"{role}_silent_seconds": _since(beats.get(role.encode()), redis_ms) for role in Role}
    counts_from = redis_ms - CLOCK_COUNTS_FOR.total_seconds() * 1000
    gauges["clocks_off"] = float(sum(at >= counts_from for _, at in clocks_off))
    if certificate is not None:
        gauges["certificate_seconds_left"] = max(0.0, (int(certificate) - to_milliseconds(now)) / 1000)
    return gauges


def _since(last: bytes | None, redis_ms: int) -> float:
    """Return the seconds since then; 0 where nobody was ever waited for."""
    return 0.0 if last is None else max(0.0, (redis_ms - int(last)) / 1000)
