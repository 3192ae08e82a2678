"""Whether Redis can be relied on, and what a look at it tells an operator."""

from dataclasses import dataclass, field
from datetime import datetime

from redis.exceptions import AuthenticationError, BusyLoadingError, ResponseError

from dunning import queue
from dunning.errors import OperatorMustActError, TransientError
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.reasons import HoldWord
from dunning.rules.troubles import LastTry
from dunning.store import keys
from dunning.store.accepting import keys_of_event, keys_of_trip
from dunning.store.brakes import read_paused
from dunning.store.driver import scripts
from dunning.store.driver.connection import REDIS_ERRORS, RedisClient
from dunning.store.driver.reach import diagnose
from dunning.store.in_vain import Way, last_try, seconds_in_vain
from dunning.store.watching import gauges_of_processes, look_at_processes

# Stands for the ids of an event and of what it is about, where only the way is tried.
PROBE_ID = "readiness"
PROBE_LIVES_MS = 1_000
# What a snapshot counts, in the order in which it asks.
SIZES = (
    "open_cases",
    "unhandled_events",
    "queued_jobs",
    "dead_events",
    "api_grants",
    "dead_out_webhooks",
    "waiting_out_webhooks",
    "holds",
    "suppressed",
    "new_out_webhooks",
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Redis says of all processes together: counters since ever, gauges of now, and the last tries in vain."""

    counters: dict[str, int]
    gauges: dict[str, float]
    in_vain: dict[str, LastTry] = field(default_factory=dict)


class Health:
    """Looks at Redis as a whole."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._ready = scripts.load(redis, "ready")

    async def ready(self, now: datetime) -> None:
        """Return if Redis answers, and takes all that accepting an event writes.

        Raises:
            TransientError: it does not answer.
            OperatorMustActError: it answers, and refuses something of that.
        """
        for guard in (keys.case(PROBE_ID), keys.customer(PROBE_ID)):
            job = queue.handle_events_job_id(PROBE_ID)
            try:
                await self._ready(
                    keys=[*keys_of_trip(job.encode()), *keys_of_event(PROBE_ID, PROBE_ID, guard), keys.PULSE],
                    args=[to_milliseconds(now), PROBE_ID, job, PROBE_LIVES_MS],
                )
            except REDIS_ERRORS as error:
                trouble = diagnose(error)
                if isinstance(error, (AuthenticationError, ResponseError)) and not isinstance(error, BusyLoadingError):
                    raise OperatorMustActError(str(trouble), hold=HoldWord.REDIS_REFUSES_WRITES) from error
                raise TransientError(str(trouble)) from error

    async def time(self) -> datetime:
        """Return the time on Redis' clock."""
        seconds, microseconds = await self._redis.time()
        return from_milliseconds(seconds * 1000 + microseconds // 1000)

    async def snapshot(self, now: datetime) -> Snapshot:
        """Return the counters of all workers and the gauges of work that waits."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(keys.COUNTS)
            pipe.hgetall(keys.PAUSED)
            pipe.get(keys.RECONCILE_WAITING)
            for way in Way:
                pipe.hgetall(keys.in_vain(way))
            for index in (keys.DUE, keys.LATE, keys.INBOX, keys.OUT_UNSENT):
                pipe.zrange(index, 0, 0, withscores=True)
            batches_end = to_milliseconds(now - queue.AHEAD / 2)
            pipe.zrangebyscore(queue.QUEUE, "-inf", batches_end, start=0, num=1, withscores=True)
            pipe.zrangebyscore(queue.QUEUE, batches_end, "+inf", start=0, num=1, withscores=True)
            for index in (keys.DUE, keys.INBOX, queue.QUEUE, keys.DEAD, keys.API_LOG, keys.OUT_DEAD, keys.OUT_UNSENT):
                pipe.zcard(index)
            pipe.hlen(keys.HOLDS)
            pipe.hlen(keys.SUPPRESSED)
            pipe.llen(keys.OUT_NEW)
            look_at_processes(pipe)
            (
                counts,
                pauses,
                waiting,
                mail,
                paddle,
                due,
                late,
                inbox,
                out,
                batches,
                events,
                *others,
            ) = await pipe.execute()
        paused = read_paused(pauses)
        sizes, processes = dict(zip(SIZES, others, strict=False)), others[len(SIZES) :]
        # What is new is shared out within a second or so, by any worker that lives.
        sizes["waiting_out_webhooks"] += sizes.pop("new_out_webhooks")
        return Snapshot(
            counters={name.decode(): int(count) for name, count in counts.items()},
            gauges={
                # A try moves when a case is looked at next, and not since when it waits.
                "oldest_due_seconds": max(_age(due, now), _age(late, now)),
                "oldest_unhandled_event_seconds": _age(inbox, now),
                "oldest_queued_job_seconds": max(_age(batches, now - queue.AHEAD), _age(events, now)),
                "oldest_out_webhook_seconds": _age(out, now),
                **{name: float(size) for name, size in sizes.items()},
                **gauges_of_processes(*processes, now=now),
                "mail_in_vain_seconds": seconds_in_vain(mail, counts, Way.MAIL, now),
                "paddle_in_vain_seconds": seconds_in_vain(paddle, counts, Way.PADDLE, now),
                "paused": float(paused.all is not None),
                "paused_campaigns": float(len(paused.campaigns)),
                "reconcile_waiting": float(waiting or 0),
                "breaker_tripped": float(paused.all is not None and paused.all.is_breakers),
            },
            in_vain={way: last_try(entry) for way, entry in ((Way.MAIL, mail), (Way.PADDLE, paddle)) if entry},
        )


def _age(oldest: list[tuple[bytes, float]], now: datetime) -> float:
    """Return for how many seconds the first entry has been due; 0 where none is."""
    return max(0.0, (to_milliseconds(now) - oldest[0][1]) / 1000) if oldest else 0.0
