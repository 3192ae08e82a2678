"""What Dunning has at rest, in memory instead of Redis: the same writes under the same conditions.

It does what `accept.lua` and `commit.lua` of dunning/store/scripts do. That both come to the same is tested against a
real Redis (tests/integration/test_order_store.py).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from dunning.case import Case, CaseState
from dunning.errors import CaseConflictError
from dunning.events import AdjustmentFacts, Event, SubscriptionFacts, TransactionFacts, shows_failed_attempt
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.store import Accepted, EndedBeforeOpeningError, Versioned
from dunning.store.accepting import ENDS
from dunning.store.due import LEASE
from dunning.store.keys import KEEP_MARK


class Mark(NamedTuple):
    """What ended before a case of it was opened, and since when; forgotten when no case could be open any more."""

    word: str
    since: int
    forgotten_at: datetime


class Memory:
    """Cases, events and the due index. `note` is given each line of a case's story, if anybody is to read it.

    With `as_text` cases are written and read as Redis holds them, whose moments are whole milliseconds.
    """

    def __init__(self, *, note: Callable[[str, str, datetime], None] | None = None, as_text: bool = False) -> None:
        self.due: dict[str, datetime] = {}
        self.note = note
        self._as_text = as_text
        self._cases: dict[str, Versioned] = {}
        self._events: dict[str, Event | None] = {}
        self._marks: dict[str, Mark] = {}

    def accept(self, event: Event, now: datetime) -> Accepted:
        """Take an event in, to be handled."""
        facts = event.facts
        if event.id in self._events:
            return Accepted.DUPLICATE
        if isinstance(facts, AdjustmentFacts) and not facts.is_charge_back:
            return Accepted.NOT_KEPT
        if (word := ENDS.get(event.type)) is not None:
            since = to_milliseconds(event.occurred_at)
            if isinstance(facts, TransactionFacts):
                case = self.read(facts.id).case
                touches = case is not None and case.state is not CaseState.RECOVERED
                marked, marks = facts.id, case is None and shows_failed_attempt(facts)
            else:
                marked = subscription_of(facts)
                touches = bool(self.open_or_just_stopped(facts.customer_id, marked, now))
                old = self._mark(marked, now)
                marks = old is None or old.since < since
            if marks:
                self._marks[marked] = Mark(word, since, now + KEEP_MARK)
            if not touches:
                return Accepted.NOT_KEPT
        self._events[event.id] = event
        return Accepted.ACCEPTED

    def unhandled(self) -> list[str]:
        """Return the ids of the events that are still to be handled."""
        return [event_id for event_id, event in self._events.items() if event is not None]

    def event(self, event_id: str) -> Event | None:
        """Return an event that is still to be handled."""
        return self._events.get(event_id)

    def mark_handled(self, event_id: str) -> None:
        """Note that an event need not be looked at again."""
        self._events[event_id] = None

    def read(self, case_id: str) -> Versioned:
        """Return a case with its revision."""
        return self._cases.get(case_id) or Versioned(None, 0)

    def cases(self) -> list[Case]:
        """Return every case."""
        return [kept.case for kept in self._cases.values() if kept.case]

    def open_of_customer(self, customer_id: str) -> Sequence[str]:
        """Return the ids of the customer's open cases."""
        return sorted(case.id for case in self.cases() if case.is_open and case.customer_id == customer_id)

    def open_or_just_stopped(self, customer_id: str, subscription_id: str, now: datetime) -> Sequence[str]:
        """Return the ids of the customer's open cases, and of the subscription's that were stopped lately."""
        stopped = (
            case.id
            for case in self.cases()
            if case.state is CaseState.STOPPED
            and case.subscription_id == subscription_id
            and case.ended_at
            and now < case.ended_at + KEEP_MARK
        )
        return sorted({*self.open_of_customer(customer_id), *stopped})

    def commit(
        self, case: Case, revision: int, *, due_at: datetime | None, now: datetime, opened_by: datetime | None
    ) -> Versioned:
        """Write the case if it still has that revision.

        Raises:
            CaseConflictError: somebody else wrote it.
            EndedBeforeOpeningError: its end is already known.
        """
        if self.read(case.id).revision != revision:
            raise CaseConflictError(f"case {case.id} is no longer at revision {revision}")
        if opened_by is not None:
            since = self._mark(case.subscription_id, now)
            if self._mark(case.id, now) or (since and since.since >= to_milliseconds(opened_by)):
                raise EndedBeforeOpeningError(f"case {case.id} had ended before it was opened")
        if self._as_text:
            case = Case.from_rest(case.id, case.at_rest())
        kept = self._cases[case.id] = Versioned(case, revision + 1)
        if due_at is None:
            self.due.pop(case.id, None)
        else:
            self.due[case.id] = self._stored(due_at)
        return kept

    def sweep(self, now: datetime) -> list[str]:
        """Lend out what is due: it comes back if nobody writes it or puts it back."""
        due = sorted((at, case_id) for case_id, at in self.due.items() if at <= now)
        for _, case_id in due:
            self.due[case_id] = now + LEASE
        return [case_id for _, case_id in due]

    def put_back(self, case_id: str, at: datetime) -> None:
        """Have a case looked at again at `at`. One that is over stays over."""
        if case_id in self.due:
            self.due[case_id] = self._stored(at)

    def _stored(self, moment: datetime) -> datetime:
        return from_milliseconds(to_milliseconds(moment)) if self._as_text else moment

    def _mark(self, entity_id: str, now: datetime) -> Mark | None:
        mark = self._marks.get(entity_id)
        return mark if mark and now < mark.forgotten_at else None


def subscription_of(facts: SubscriptionFacts | AdjustmentFacts) -> str:
    """Return the subscription that this is about; the adjustment itself where it is about none."""
    return facts.id if isinstance(facts, SubscriptionFacts) else facts.subscription_id or facts.id
