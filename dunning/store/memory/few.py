"""What is kept beside cases and events: a simple container for each thing."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from dunning.instants import EPOCH, to_milliseconds
from dunning.paddle.live import LiveSubscription
from dunning.rules.campaign import Campaign
from dunning.rules.campaign_version import version
from dunning.store import keys
from dunning.store.clicks import A_DAY, AN_HOUR
from dunning.store.exclusions import Exclusion
from dunning.store.memory.kept import Kept, Passing, PassingKeys
from dunning.store.refusals import Row

HOUR = timedelta(hours=1)


class MemoryCampaignVersions:
    """What `dunning.store.campaigns.CampaignVersions` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def keep(self, campaigns: Iterable[Campaign]) -> None:
        """Keep these under their versions."""
        self._kept.campaigns.update({version(one): one for one in campaigns})

    async def all(self) -> dict[str, Campaign]:
        """Return all there ever were, by their versions."""
        return dict(self._kept.campaigns)

    async def names(self) -> set[str]:
        """Return the names of all there ever were."""
        return {one.name for one in self._kept.campaigns.values()}

    async def read(self, wanted: str) -> Campaign | None:
        """Return the campaign of this version, or None where it isn't known."""
        return self._kept.campaigns.get(wanted)


class MemoryHoldOut:
    """What `dunning.store.hold_out.HoldOut` is to Redis."""

    async def key(self) -> str:
        """Return the key of the draw: the same in every rehearsal."""
        return "rehearsal"


class MemoryClicks:
    """What `dunning.store.clicks.Clicks` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._clicks: dict[str, deque[datetime]] = {}
        self._refused = PassingKeys[str](kept.clock)

    async def allow(self, case_id: str, now: datetime) -> float | None:
        """Count a click and return None, or return in how many seconds the next one is allowed."""
        clicks = self._clicks.setdefault(case_id, deque())
        while clicks and clicks[0] <= now - keys.KEEP_CLICKS:
            clicks.popleft()
        wait = timedelta(0)
        for span, most in ((HOUR, AN_HOUR), (keys.KEEP_CLICKS, A_DAY)):
            if sum(at > now - span for at in clicks) >= most:
                wait = max(wait, clicks[-most] + span - now)
        if not wait:
            clicks.append(now)
        return (to_milliseconds(now + wait) - to_milliseconds(now)) / 1000 or None

    async def last(self, case_id: str) -> datetime | None:
        """Return when the last click was that led somewhere, if it was within a day."""
        clicks = self._clicks.get(case_id)
        return clicks[-1] if clicks else None

    async def take_back(self, case_id: str) -> None:
        """Forget the last click: it led nowhere, and the customer will want to try again."""
        if clicks := self._clicks.get(case_id):
            clicks.pop()

    def forget(self, case_id: str) -> None:
        """Forget all clicks of a case."""
        self._clicks.pop(case_id, None)
        self._refused.pop(case_id)

    async def is_news(self, case_id: str) -> bool:
        """Tell whether a click that was refused is the first within the hour."""
        new = case_id not in self._refused
        if new:
            self._refused.add(case_id, keys.KEEP_CLICK_REFUSED)
        return new


class MemoryCounters:
    """What `dunning.store.counters.Counters` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def add(self, name: str, count: int = 1) -> None:
        """Raise a counter."""
        self._kept.counts[name] += count


class MemoryExclusions:
    """What `dunning.store.exclusions.Exclusions` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._since: dict[str, datetime] = {}
        self._by: dict[str, str] = {}

    async def exclude(self, entity_id: str, now: datetime, by: str | None = None) -> bool:
        """Exclude a customer or a subscription, and return whether it wasn't yet. The first time stays."""
        new = entity_id not in self._since
        self._since.setdefault(entity_id, self._kept.moment(now))
        if by is not None:
            self._by.setdefault(entity_id, by)
        return new

    async def include(self, entity_id: str) -> bool:
        """Take an exclusion back, and return whether there was one."""
        self._by.pop(entity_id, None)
        return self._since.pop(entity_id, None) is not None

    async def of(self, entity_ids: Collection[str]) -> list[Exclusion]:
        """Return the exclusions of these customers and subscriptions."""
        return [Exclusion(one, self._since[one]) for one in sorted(self._since.keys() & set(entity_ids))]

    async def all(self) -> list[Exclusion]:
        """Return every exclusion, with who said so."""
        return [Exclusion(one.id, one.since, self._by.get(one.id)) for one in await self.of(self._since)]


class MemoryRefusals:
    """What `dunning.store.refusals.Refusals` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._row: dict[str, bool] = {}
        self._lasts_until = EPOCH
        self._accepted_at: datetime | None = None

    async def note(self, customer_id: str, *, about_recipient: bool) -> Row:
        """Add a refusal, and return the row with it. A customer who is in it already does not make it last longer."""
        if await self.are_over():
            self._row.clear()
        if customer_id not in self._row:
            self._lasts_until = self._kept.clock() + keys.KEEP_REFUSED
        self._row[customer_id] = about_recipient
        return Row(len(self._row), sum(not by_them for by_them in self._row.values()))

    def forget(self, customer_id: str) -> bool:
        """Forget a customer's refusal, and return whether there was one."""
        return self._row.pop(customer_id, None) is not None

    async def accepted(self, now: datetime) -> None:
        """Note that a mail was accepted, which ends the row."""
        self._row.clear()
        self._accepted_at = self._kept.moment(now)

    async def accepted_at(self) -> datetime | None:
        """Return when a mail was last accepted; None for never."""
        return self._accepted_at

    async def are_over(self) -> bool:
        """Return whether there is no row now."""
        return not self._row or self._lasts_until <= self._kept.clock()


class MemorySeen:
    """What `dunning.store.seen.Seen` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._seen = Passing[str, LiveSubscription](kept.clock)

    async def keep(self, subscriptions: Iterable[LiveSubscription]) -> None:
        """Keep these for the call that comes a minute later."""
        for one in subscriptions:
            self._seen.put(one.id, one, keys.KEEP_SEEN)

    async def take(self, subscription_ids: Sequence[str]) -> dict[str, LiveSubscription]:
        """Return those of these that are kept, and forget them."""
        found = [self._seen.pop(subscription_id) for subscription_id in subscription_ids]
        return {one.id: one for one in found if one is not None}


class MemorySuppressions:
    """What `dunning.store.suppressions.Suppressions` is to Redis."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    async def add(self, key: str, reason: str, now: datetime) -> None:
        """Suppress an address. The first reason stays."""
        self._reasons.setdefault(key, f"{to_milliseconds(now)} {reason}")

    async def has(self, address_keys: Sequence[str]) -> bool:
        """Tell whether the address is suppressed, under any of its keys."""
        return any(key in self._reasons for key in address_keys)
