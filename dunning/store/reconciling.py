"""What reconciling remembers: how far it has read, whose turn it is, and what waits for an operator's word."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from redis.commands.core import AsyncScript

from dunning.instants import from_milliseconds, to_milliseconds
from dunning.paddle.events import AdjustmentFacts, Event, SubscriptionFacts, TransactionFacts
from dunning.store import keys
from dunning.store.accepting import ENDS
from dunning.store.driver import scripts
from dunning.store.driver.connection import RedisClient

# A turn is kept anew with each call to Paddle; past this its worker is gone, and another takes it.
KEEP_TURN = timedelta(minutes=15)
# A turn that came to nothing is free again after this long.
TRY_AGAIN = timedelta(minutes=1)
SCANNED_AT_ONCE = 1_000


class Reconciled(StrEnum):
    """What is reconciled, each at its own intervals."""

    EVENTS = "events"
    PAST_DUE = "past_due"
    LOSSES = "losses"
    CAUSES = "causes"


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to reconcile, of one worker at a time."""

    what: Reconciled
    token: str


@dataclass(frozen=True, slots=True)
class DebtWithoutCase:
    """A debt without a case, as Paddle tells it."""

    id: str
    subscription_id: str
    failed_at: datetime


class Reconciling:
    """The cursor of events, the turns, and the number of debts that wait."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._turn: AsyncScript = scripts.load(redis, "turn")

    async def cursor(self) -> str | None:
        """Return the id of the event after which to read on, or None where nothing was read yet."""
        cursor = await self._redis.get(keys.RECONCILE_CURSOR)
        return None if cursor is None else str(cursor.decode())

    async def keep_cursor(self, event_id: str) -> None:
        """Read on after this event next time."""
        await self._redis.set(keys.RECONCILE_CURSOR, event_id)

    async def wait_for_operator(self, debts: int) -> None:
        """Note how many debts wait for the operator's word, none included."""
        await self._redis.set(keys.RECONCILE_WAITING, debts)

    async def done_at(self, what: Reconciled) -> datetime | None:
        """Return when this was last reconciled; None if it never was."""
        done_at = await self._redis.get(keys.reconcile_done(what))
        return None if done_at is None else from_milliseconds(int(done_at))

    async def take_turn(self, what: Reconciled, *, unless_within: timedelta, now: datetime) -> Turn | None:
        """Take the turn, unless another worker has it or one was done so recently."""
        turn = Turn(what, uuid4().hex)
        if not await self._redis.set(keys.reconcile_turn(what), turn.token, nx=True, px=_milliseconds(KEEP_TURN)):
            return None
        done_at = await self.done_at(what)
        if done_at is not None and done_at > now - unless_within:
            await self._keep(turn, timedelta(0))
            return None
        return turn

    async def keep_turn(self, turn: Turn) -> None:
        """Keep a turn for another while: its work goes on."""
        await self._keep(turn, KEEP_TURN)

    async def end_turn(self, turn: Turn, now: datetime) -> None:
        """End a turn whose work is done."""
        await self._redis.set(keys.reconcile_done(turn.what), to_milliseconds(now))
        await self._keep(turn, timedelta(0))

    async def give_turn_back(self, turn: Turn) -> None:
        """End a turn that came to nothing, so that somebody tries again in a minute."""
        await self._keep(turn, TRY_AGAIN)

    async def open_cases(self) -> AsyncIterator[list[str]]:
        """Go through the ids of all open cases, some at a time. One that opens or ends meanwhile may be missing."""
        cursor: int | None = None
        while cursor != 0:
            cursor, found = await self._redis.zscan(keys.DUE, cursor or 0, count=SCANNED_AT_ONCE)
            yield [case_id.decode() for case_id, _ in found]

    async def unheard_of(self, events: Sequence[Event]) -> list[Event]:
        """Return those of these events that the inbox has no entry of."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for event in events:
                pipe.exists(keys.event(event.id))
            known = await pipe.execute()
        return [event for event, is_known in zip(events, known, strict=True) if not is_known]

    async def of_use(self, events: Sequence[Event]) -> list[Event]:
        """Return those of these events that the inbox would keep: an end of what we have no case of is none."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for event in events:
                pipe.exists(*_what_it_ends(event))
            touches = await pipe.execute()
        return [
            event
            for event, touched in zip(events, touches, strict=True)
            if event.type not in ENDS or (touched and _may_end_something(event))
        ]

    async def ended(self, debts: Sequence[DebtWithoutCase]) -> set[str]:
        """Return the ids of those that are known to have ended since they failed: no case is opened for them."""
        if not debts:
            return set()
        marks = await self._redis.mget(
            [keys.mark(entity_id) for debt in debts for entity_id in (debt.id, debt.subscription_id)]
        )
        return {
            debt.id
            for debt, of_debt, of_subscription in zip(debts, marks[::2], marks[1::2], strict=True)
            if of_debt is not None
            or (of_subscription is not None and _since(of_subscription) >= to_milliseconds(debt.failed_at))
        }

    async def _keep(self, turn: Turn, span: timedelta) -> None:
        await self._turn(keys=[keys.reconcile_turn(turn.what)], args=[turn.token, _milliseconds(span)])


def _since(mark: bytes) -> int:
    return int(mark.rpartition(b" ")[2])


def _may_end_something(event: Event) -> bool:
    return not isinstance(event.facts, AdjustmentFacts) or event.facts.is_charge_back


def _what_it_ends(event: Event) -> list[str]:
    """Return the keys of which one is there if an event that ends something may have something to end."""
    facts = event.facts
    if isinstance(facts, TransactionFacts):
        return [keys.case(facts.id)]
    subscription_id = facts.id if isinstance(facts, SubscriptionFacts) else facts.subscription_id or facts.id
    return [keys.customer(facts.customer_id), keys.stopped(subscription_id)]


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
