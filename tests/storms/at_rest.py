"""What is left of a storm: in Redis, in files and in logs, and what Paddle and the mail server have written down."""

import re
from typing import Any, Protocol

from dunning.paddle.events import USED
from dunning.queue import QUEUE
from dunning.store import Store, keys
from paddle_twin import Twin
from tests.e2e.scan import SHAPES, Forbidden, Place, forbid, places_in_files, places_in_redis, search
from tests.storms.clocks import Clocks
from tests.storms.customers_of_twin import ADDRESSES, NAME
from tests.storms.history import Case, Delivery, History, Notification
from tests.storms.processes import Processes
from tests.storms.redis_processes import RedisHouse
from tests.storms.schedule import Kind, Schedule
from worker.reconcile.events import MISSED

TOKEN = re.compile(rb"(?i)txn_[a-z\d]{26}\.\d{9,11}\.")
SECRETS = ("DUNNING_PADDLE_API_KEY", "DUNNING_WEBHOOK_SECRETS", "DUNNING_LINK_SECRETS")


class Storm(Protocol):
    """What there was."""

    schedule: Schedule
    history: History
    clocks: Clocks
    twin: Twin
    redis: RedisHouse
    processes: Processes
    environment: dict[str, str]


async def look_back(storm: Storm) -> None:
    """Write everything that is left into the history."""
    history = storm.history
    history.ends |= storm.processes.ends
    history.calls += [storm.clocks.at_monotonic(call.at_seconds) for call in storm.twin.api.calls]
    history.notifications += [
        Notification(one.event_id, one.entity_id, tuple(one.answers))
        for one in storm.twin.sent
        if one.event_type in USED and one.status != "failed"  # those on their way when all were lost are lost, too
    ]
    history.faults += sorted(
        {str(line["event"]) for line in storm.processes.logs() if str(line.get("event", "")).endswith("fault")}
    )
    history.unheard = any(fault.kind is Kind.WEBHOOKS_LOST for fault in storm.schedule.faults)
    await _read_cases(storm)
    await _count_what_waits(storm)
    places = [
        *await places_in_redis(storm.redis.master.url),
        *places_in_files(storm.redis.master.folder),
        Place("our processes' log", storm.processes.said()),
    ]
    history.leaks += search(places, [*SHAPES, *_forbidden(storm)])


async def _read_cases(storm: Storm) -> None:
    store = Store.open(storm.redis.master.url, rate_limit=1)
    try:
        ids = list(storm.history.debts)
        read = await store.cases.read_versioned(ids) if ids else []
    finally:
        await store.close()
    for debt_id, one in zip(ids, read, strict=True):
        if one.case is not None:
            storm.history.cases[debt_id] = Case(
                one.case.state,
                {step: Delivery(d.state, d.reason, d.unknowns) for step, d in one.case.deliveries.items()},
            )


async def _count_what_waits(storm: Storm) -> None:
    redis: Any = storm.redis.master.client
    late = storm.clocks.now().timestamp() * 1000 - 60_000
    storm.history.missed = int(await redis.hget(keys.COUNTS, MISSED) or 0)
    storm.history.waiting = {
        "the inbox": await redis.zcard(keys.INBOX),
        "the queue": await redis.zcard(QUEUE),
        "the dead": await redis.zcard(keys.DEAD),
        "the due index, late": await redis.zcount(keys.DUE, "-inf", late),
        "holds": await redis.hlen(keys.HOLDS),
        "pauses": await redis.hlen(keys.PAUSED),
    }


def _forbidden(storm: Storm) -> list[Forbidden]:
    """Give what must be nowhere. What all addresses and all tokens have in common, since there are hundreds of each."""
    values = [value for name in SECRETS for value in storm.environment[name].split(",")]
    return [
        *forbid("a name", {NAME}),
        *forbid("an address", {ADDRESSES}),
        Forbidden("a payment link's token", TOKEN),
        *forbid("a secret of ours", values),
    ]
