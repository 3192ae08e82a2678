"""The arq side of the queue: its names, its payloads, its connection. Nothing else but the worker's wiring knows arq.

Jobs are put in the queue by our own scripts, in the same step as what they are about: arq's `enqueue_job` answers None
both for a job that is there already and for a connection lost before the job was.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.jobs import serialize_job
from redis.asyncio import ConnectionPool

from dunning import time_limits
from dunning.instants import to_milliseconds
from dunning.jobs import TIMEOUTS, Job

QUEUE: Final = "dunning:jobs"
JOB_KEY: Final = job_key_prefix
# arq marks a job that runs, so that nobody else runs it, for ten seconds longer than the longest may take.
MARK_KEY: Final = in_progress_key_prefix
KEEP_MARK: Final = max(TIMEOUTS.values()) + time_limits.MARK_OUTLIVES_JOB

# arq's own default is a day, after which a job that waited is dropped unrun.
KEEP_PAYLOAD: Final = timedelta(weeks=4)

# arq takes the job with the lowest score first, and a score is when the job was queued. A batch of due cases has to go
# before every event that waits, since API calls are reserved for it, and for a minute only: so it is queued as if that
# had been so much earlier.
AHEAD: Final = timedelta(days=3650)

# Stands for an event's id in a payload that a script fills in.
SLOT: Final = "\0"


def serialize(value: dict[str, Any]) -> bytes:
    """Write a job or its result as JSON, where arq's default is pickle. An exception is kept as its class's name."""
    return json.dumps(value, separators=(",", ":"), default=lambda other: type(other).__name__).encode()


def deserialize(payload: bytes) -> dict[str, Any]:
    """Read a job or its result."""
    value: dict[str, Any] = json.loads(payload)
    return value


def handle_events_job_id(trip: str) -> str:
    """Return the id under which the job of events that came together is queued: a new one for each trip."""
    return f"{Job.HANDLE_EVENTS}:{trip}"


def handle_events_payload(event_ids: Sequence[str], now: datetime) -> str:
    """Return what arq reads to run `handle_events` for these events."""
    return _payload(Job.HANDLE_EVENTS, list(event_ids), now)


def handle_event_job_id(event_id: str) -> str:
    """Return the id under which an event is queued by itself: the same one however often it is queued."""
    return f"{Job.HANDLE_EVENT}:{event_id}"


def handle_event_payload(event_id: str, now: datetime) -> str:
    """Return what arq reads to run `handle_event` for this event."""
    return _payload(Job.HANDLE_EVENT, event_id, now)


def _payload(job: Job, argument: str | list[str], now: datetime) -> str:
    return serialize_job(job, (argument,), {}, None, to_milliseconds(now), serializer=serialize).decode()


def tell_destination_job_id(destination: str) -> str:
    """Return the id under which a destination's job is queued: the same one, so that it has one job at a time."""
    return f"{Job.TELL_DESTINATION}:{destination}"


def tell_destination_payload(destination: str, now: datetime) -> str:
    """Return what arq reads to run `tell_destination` for this one."""
    payload = serialize_job(Job.TELL_DESTINATION, (destination,), {}, None, to_milliseconds(now), serializer=serialize)
    return payload.decode()


def arq_redis(connections: ConnectionPool) -> ArqRedis:
    """Return arq's client on connections of our own making. It doesn't connect yet.

    arq's `create_pool` drops the socket time-outs and keep-alive, which a Sentinel needs most.
    """
    return ArqRedis(
        connections,
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=QUEUE,
        expires_extra_ms=round(KEEP_PAYLOAD.total_seconds() * 1000),
    )
