"""Customers who were forgotten: what names them is deleted, and a keyed hash keeps a late webhook from opening more.

The hash is made by `dunning.suppression.customer_key`. It is kept for as long as Paddle can send an event.
"""

import json
import re
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dunning import queue
from dunning.instants import to_milliseconds
from dunning.jobs import Job
from dunning.store import keys
from dunning.store.audit import Audit
from dunning.store.driver.connection import RedisClient
from dunning.store.driver.shared_commands import SharedCommands

_SUBSCRIPTION = re.compile(rb"sub_[a-z0-9]{26}")
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Named:
    """What names a customer: their cases, their subscriptions, events that are kept, and batches that are queued."""

    cases: frozenset[str] = frozenset()
    subscriptions: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset()
    others: int = field(default=0)
    """How many other entries: exclusions, refusals, holds, changes, what the seller's programs were to be told."""

    def with_more(self, other: "Named") -> "Named":
        """Return what both name."""
        return Named(
            self.cases | other.cases,
            self.subscriptions | other.subscriptions,
            self.events | other.events,
            self.batches | other.batches,
            self.others + other.others,
        )

    @property
    def is_nothing(self) -> bool:
        """Whether nothing names the customer."""
        return not (self.cases or self.events or self.batches or self.others)


class Forgotten:
    """Deletes what names a customer, and remembers that it did."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._reads = SharedCommands(redis)
        self._audit = Audit(redis)

    async def remember(self, customer_key: str, now: datetime) -> None:
        """Remember that a customer was forgotten."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.FORGOTTEN, {customer_key: to_milliseconds(now)})
            pipe.zremrangebyscore(keys.FORGOTTEN, "-inf", to_milliseconds(now - keys.KEEP_EVENT))
            pipe.pexpire(keys.FORGOTTEN, round(keys.KEEP_EVENT.total_seconds() * 1000))
            await pipe.execute()

    async def among(self, customer_keys: Sequence[str], now: datetime) -> set[str]:
        """Return those of the keys under which a customer was forgotten lately."""
        if not customer_keys:
            return set()
        scores = await self._reads.ask("ZMSCORE", keys.FORGOTTEN, *customer_keys)
        oldest = to_milliseconds(now - keys.KEEP_EVENT)
        return {key for key, at in zip(customer_keys, scores, strict=True) if at is not None and at > oldest}

    async def purge(self, customer_id: str) -> Named:
        """Delete all that names a customer, and return what that was. What is written meanwhile needs another purge."""
        cases = {
            *(one.decode() for one in await self._redis.smembers(keys.customer(customer_id))),
            *(one.decode() for one in await self._redis.zrange(keys.history(customer_id), 0, -1)),
        }
        entries = await self._redis.mget([keys.case(one) for one in cases]) if cases else []
        subscriptions = {one.decode() for entry in entries if entry for one in _SUBSCRIPTION.findall(entry)}
        ids = {customer_id, *cases, *subscriptions}
        events = [one async for one in self._events_of(ids)]
        jobs = [one async for one in self._jobs_with({*cases, *events})]
        batches = [one for one in jobs if one.startswith(f"{Job.SEND_STEPS}:")]
        holds = await self._holds_of(cases)
        await self._ask_no_more(cases)
        others = await self._delete(customer_id, cases, subscriptions, events, holds)
        await self._rewrite(jobs, {*cases, *events})
        others += await self._forget_told(customer_id)
        others += await self._audit.forget({*ids, *events})
        return Named(frozenset(cases), frozenset(subscriptions), frozenset(events), frozenset(batches), others)

    async def _events_of(self, ids: Collection[str]) -> AsyncIterator[str]:
        """Give the events, waiting or dead, that name any of these."""
        wanted = [f'"{one}"'.encode() for one in ids]
        for index in (keys.INBOX, keys.DEAD):
            event_ids = [one.decode() for one in await self._redis.zrange(index, 0, -1)]
            for first in range(0, len(event_ids), AT_ONCE):
                some = event_ids[first : first + AT_ONCE]
                entries = await self._redis.mget([keys.event(one) for one in some])
                for event_id, entry in zip(some, entries, strict=True):
                    if entry is not None and any(one in entry for one in wanted):
                        yield event_id

    async def _jobs_with(self, ids: Collection[str]) -> AsyncIterator[str]:
        """Give the jobs that are queued with any of these cases and events."""
        prefixes = tuple(f"{job}:" for job in (Job.SEND_STEPS, Job.HANDLE_EVENTS))
        job_ids = [one.decode() for one in await self._redis.zrange(queue.QUEUE, 0, -1)]
        for job_id in job_ids if ids else ():
            if job_id.startswith(prefixes):
                payload = await self._redis.get(queue.JOB_KEY + job_id)
                if payload is not None and any(f'"{one}"'.encode() in payload for one in ids):
                    yield job_id

    async def _holds_of(self, cases: Collection[str]) -> dict[str, str]:
        """Return the holds that name any of these cases, each as it is without."""
        found = {}
        for word, entry in (await self._redis.hgetall(keys.HOLDS)).items():
            since, sentence, about, *more = json.loads(entry)
            if any(one in cases for one in about.split()) or any(one in sentence for one in cases):
                plain = " ".join("a case" if part.strip(".,:;") in cases else part for part in sentence.split(" "))
                found[word.decode()] = json.dumps([since, plain, "", *more])
        return found

    async def _ask_no_more(self, cases: Collection[str]) -> None:
        """Ask Paddle no more for the amounts of these cases' losses, nor for the causes of their payments."""
        for key in (keys.LOST, keys.RECOVERED):
            waiting = await self._redis.zrange(key, 0, -1)
            if theirs := [one for one in waiting if one.partition(b" ")[0].decode() in cases]:
                await self._redis.zrem(key, *theirs)

    async def _forget_told(self, customer_id: str) -> int:
        """Delete what the seller's programs are still to be told of the customer, and return how much that was."""
        wanted = f'"customer_id":"{customer_id}"'.encode()
        found = 0
        for line in await self._redis.lrange(keys.OUT_NEW, 0, -1):
            if wanted in line:
                found += int(await self._redis.lrem(keys.OUT_NEW, 0, line))
        async for name, entry in self._redis.hscan_iter(keys.OUT_EVENTS, count=AT_ONCE):
            if wanted in entry:
                destination, _, event_id = name.decode().partition(" ")
                async with self._redis.pipeline(transaction=True) as pipe:
                    pipe.hdel(keys.OUT_EVENTS, name)
                    pipe.zrem(keys.OUT_UNSENT, name)
                    pipe.zrem(keys.OUT_DEAD, name)
                    pipe.zrem(keys.out_due(destination), event_id)
                    await pipe.execute()
                found += 1
        return found

    async def _delete(
        self,
        customer_id: str,
        cases: Collection[str],
        subscriptions: Collection[str],
        events: Collection[str],
        holds: dict[str, str],
    ) -> int:
        """Delete it all in one step, and return how many other entries there were."""
        # Cases are put aside only while their campaign is paused.
        paused = [one.decode() for one in await self._redis.hkeys(keys.PAUSED)]
        lists = [keys.listed(one.decode()) for one in await self._redis.smembers(keys.LISTS)]
        excluded = [customer_id, *subscriptions]
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(keys.EXCLUDED, *excluded)
            pipe.hdel(keys.REFUSED, customer_id)
            pipe.hdel(keys.EXCLUDED_BY, *excluded)
            for word, entry in holds.items():
                pipe.hset(keys.HOLDS, word, entry)
            gone = [*_keys_of(customer_id, cases, subscriptions, events)]
            pipe.delete(*gone)
            if cases:
                for index in (keys.DUE, keys.LATE, keys.ENDED, *lists):
                    pipe.zrem(index, *cases)
                for campaign in paused:
                    pipe.srem(keys.parked(campaign), *cases)
            if events:
                pipe.zrem(keys.INBOX, *events)
                pipe.zrem(keys.DEAD, *events)
                pipe.zrem(queue.QUEUE, *map(queue.handle_event_job_id, events))
            excluded_before, refused_before, *_ = await pipe.execute()
        return int(excluded_before) + int(refused_before) + len(holds)

    async def _rewrite(self, jobs: Collection[str], ids: Collection[str]) -> None:
        """Take the cases and events out of jobs that are queued. A job that has none left is dropped."""
        for job_id in jobs:
            payload = await self._redis.get(queue.JOB_KEY + job_id)
            if payload is None:
                continue
            job = queue.deserialize(payload)
            job["a"][0] = [one for one in job["a"][0] if one not in ids]
            async with self._redis.pipeline(transaction=True) as pipe:
                if job["a"][0]:
                    pipe.set(queue.JOB_KEY + job_id, queue.serialize(job), xx=True, keepttl=True)
                else:
                    pipe.delete(queue.JOB_KEY + job_id)
                    pipe.zrem(queue.QUEUE, job_id)
                await pipe.execute()


def _keys_of(
    customer_id: str, cases: Collection[str], subscriptions: Collection[str], events: Collection[str]
) -> Iterator[str]:
    yield keys.customer(customer_id)
    yield keys.history(customer_id)
    for case_id in cases:
        yield from (keys.case(case_id), keys.story(case_id), keys.mark(case_id), keys.trace(case_id))
        yield from (keys.clicks(case_id), keys.click_refused(case_id))
    for one in subscriptions:
        yield from (keys.history(one), keys.stopped(one), keys.mark(one), keys.seen(one))
    for event_id in events:
        yield from (keys.event(event_id), queue.JOB_KEY + queue.handle_event_job_id(event_id))
