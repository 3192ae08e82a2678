"""Forgetting customers in memory."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dunning.store import keys
from dunning.store.forgotten import Named
from dunning.store.memory.few import MemoryClicks, MemoryExclusions, MemoryRefusals, MemorySeen
from dunning.store.memory.kept import Batch, Kept


class MemoryForgotten:
    """What `dunning.store.forgotten.Forgotten` is to Redis."""

    def __init__(
        self,
        kept: Kept,
        exclusions: MemoryExclusions,
        clicks: MemoryClicks,
        refusals: MemoryRefusals,
        seen: MemorySeen,
    ) -> None:
        self._kept = kept
        self._exclusions = exclusions
        self._clicks = clicks
        self._refusals = refusals
        self._seen = seen
        self._since: dict[str, datetime] = {}

    async def remember(self, customer_key: str, now: datetime) -> None:
        """Remember that a customer was forgotten."""
        self._since[customer_key] = now

    async def among(self, customer_keys: Sequence[str], now: datetime) -> set[str]:
        """Return those of the keys under which a customer was forgotten lately."""
        return {key for key in customer_keys if key in self._since and self._since[key] > now - keys.KEEP_EVENT}

    async def purge(self, customer_id: str) -> Named:
        """Delete all that names a customer, and return what that was."""
        kept = self._kept
        cases = {case_id: one.case for case_id, one in kept.cases.items() if one.case.customer_id == customer_id}
        subscriptions = {case.subscription_id for case in cases.values()}
        ids = {customer_id, *cases, *subscriptions}
        waiting = {event_id for event_id, event in kept.inbox.items() if _names(event.model_dump_json(), ids)}
        dead = {
            event_id
            for event_id in kept.dead
            if (one := kept.dead.get(event_id)) and one.event and _names(one.event.model_dump_json(), ids)
        }
        batches = [batch for batch in kept.batches_queued if not cases.keys().isdisjoint(batch.case_ids)]
        others = await self._forget_others(customer_id, cases, subscriptions)
        for case_id in cases:
            del kept.cases[case_id]
            kept.due.pop(case_id, None)
            kept.late.pop(case_id, None)
            for to_ask in (kept.lost, kept.recovered):
                for counted in [one for one in to_ask if one.case_id == case_id]:
                    del to_ask[counted]
            kept.ended.pop(case_id)
            kept.marks.pop(case_id)
            kept.traces.pop(case_id)
        kept.of_customer.pop(customer_id, None)
        for subscription_id in subscriptions:
            kept.marks.pop(subscription_id)
            kept.stopped.forget(subscription_id)
        for event_id in waiting | dead:
            kept.inbox.pop(event_id, None)
            kept.waits_since.pop(event_id, None)
            kept.dead.pop(event_id)
            for queued in (kept.events_queued, kept.events_alone):
                if event_id in queued:
                    queued.remove(event_id)
        for batch in batches:
            kept.batches_queued.remove(batch)
            if left := [one for one in batch.case_ids if one not in cases]:
                kept.batches_queued.append(Batch(left, batch.grant_ids))
        found = frozenset(str(number) for number, _ in enumerate(batches))
        untold = [one for one in kept.out_new if one.case is None or one.case.customer_id != customer_id]
        others += len(kept.out_new) - len(untold)
        kept.out_new[:] = untold
        return Named(frozenset(cases), frozenset(subscriptions), frozenset(waiting | dead), found, others)

    async def _forget_others(self, customer_id: str, cases: Iterable[str], subscriptions: set[str]) -> int:
        await self._seen.take([*subscriptions])
        for case_id in cases:
            self._clicks.forget(case_id)
        excluded = [await self._exclusions.include(one) for one in (customer_id, *subscriptions)]
        return sum(excluded) + self._refusals.forget(customer_id)


def _names(written: str, ids: set[str]) -> bool:
    return any(f'"{one}"' in written for one in ids)
