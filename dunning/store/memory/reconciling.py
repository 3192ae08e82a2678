"""What reconciling remembers, in memory: turns lapse by the store's clock, as their keys do."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import count

from dunning.instants import to_milliseconds
from dunning.paddle.events import AdjustmentFacts, Event, SubscriptionFacts, TransactionFacts
from dunning.store.accepting import ENDS
from dunning.store.memory.kept import Kept, Passing
from dunning.store.reconciling import KEEP_TURN, SCANNED_AT_ONCE, TRY_AGAIN, DebtWithoutCase, Reconciled, Turn


class MemoryReconciling:
    """What `dunning.store.reconciling.Reconciling` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.waiting = 0
        """How many debts wait for the operator's word."""
        self._cursor: str | None = None
        self._turns = Passing[Reconciled, str](kept.clock)
        self._done: dict[Reconciled, datetime] = {}
        self._serial = count()

    async def cursor(self) -> str | None:
        """Return the id of the event after which to read on, or None where nothing was read yet."""
        return self._cursor

    async def keep_cursor(self, event_id: str) -> None:
        """Read on after this event next time."""
        self._cursor = event_id

    async def wait_for_operator(self, debts: int) -> None:
        """Note how many debts wait for the operator's word, none included."""
        self.waiting = debts

    async def take_turn(self, what: Reconciled, *, unless_within: timedelta, now: datetime) -> Turn | None:
        """Take the turn, unless another worker has it or one was done so recently."""
        if what in self._turns:
            return None
        done_at = self._done.get(what)
        if done_at is not None and done_at > now - unless_within:
            return None
        turn = Turn(what, f"turn-{next(self._serial)}")
        self._turns.put(what, turn.token, KEEP_TURN)
        return turn

    async def keep_turn(self, turn: Turn) -> None:
        """Keep a turn for another while: its work goes on."""
        self._keep(turn, KEEP_TURN)

    async def end_turn(self, turn: Turn, now: datetime) -> None:
        """End a turn whose work is done."""
        self._done[turn.what] = self._kept.moment(now)
        self._keep(turn, timedelta(0))

    async def give_turn_back(self, turn: Turn) -> None:
        """End a turn that came to nothing, so that somebody tries again in a minute."""
        self._keep(turn, TRY_AGAIN)

    async def open_cases(self) -> AsyncIterator[list[str]]:
        """Go through the ids of all open cases, some at a time. One that opens or ends meanwhile may be missing."""
        case_ids = list(self._kept.due)
        for start in range(0, max(len(case_ids), 1), SCANNED_AT_ONCE):
            yield case_ids[start : start + SCANNED_AT_ONCE]

    async def unheard_of(self, events: Sequence[Event]) -> list[Event]:
        """Return those of these events that the inbox has no entry of."""
        kept = self._kept
        return [
            event
            for event in events
            if event.id not in kept.inbox and event.id not in kept.handled and event.id not in kept.dead
        ]

    async def of_use(self, events: Sequence[Event]) -> list[Event]:
        """Return those of these events that the inbox would keep: an end of what we have no case of is none."""
        return [event for event in events if event.type not in ENDS or self._may_end_something(event)]

    async def ended(self, debts: Sequence[DebtWithoutCase]) -> set[str]:
        """Return the ids of those that are known to have ended since they failed: no case is opened for them."""
        return {debt.id for debt in debts if self._has_ended(debt)}

    def _keep(self, turn: Turn, span: timedelta) -> None:
        if self._turns.get(turn.what) == turn.token:
            self._turns.put(turn.what, turn.token, span)

    def _may_end_something(self, event: Event) -> bool:
        kept, facts = self._kept, event.facts
        if isinstance(facts, TransactionFacts):
            return kept.find(facts.id) is not None
        if isinstance(facts, AdjustmentFacts) and not facts.is_charge_back:
            return False
        subscription_id = facts.id if isinstance(facts, SubscriptionFacts) else facts.subscription_id or facts.id
        return bool(kept.of_customer.get(facts.customer_id)) or bool(kept.stopped.of(subscription_id))

    def _has_ended(self, debt: DebtWithoutCase) -> bool:
        of_subscription = self._kept.marks.get(debt.subscription_id)
        return self._kept.marks.get(debt.id) is not None or (
            of_subscription is not None and of_subscription.since >= to_milliseconds(debt.failed_at)
        )
