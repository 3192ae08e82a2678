"""Cases in memory: written under the conditions of commit.lua."""

from collections.abc import Sequence
from datetime import datetime

from dunning.errors import CaseConflictError
from dunning.instants import to_milliseconds
from dunning.rules.breaker import hour_of
from dunning.rules.case import Case, CaseState
from dunning.rules.losses import losses_of
from dunning.rules.out_events import OutEvent
from dunning.rules.recoveries import recoveries_of
from dunning.rules.story import Entry
from dunning.rules.tally import Sum
from dunning.store import keys
from dunning.store.cases import EndedBeforeOpeningError, StoryLine, Versioned
from dunning.store.memory.kept import Kept, KeptCase


class MemoryCases:
    """What `dunning.store.cases.Cases` is to Redis."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def read(self, case_id: str) -> Case | None:
        """Return the case, or None when there is none (any more)."""
        return self._read(case_id).case

    async def read_versioned(self, case_ids: Sequence[str]) -> list[Versioned]:
        """Return the cases with their revisions, in the order asked for."""
        return [self._read(case_id) for case_id in case_ids]

    async def open_of_customer(self, customer_id: str) -> list[str]:
        """Return the ids of the customer's open cases."""
        return sorted(self._kept.of_customer.get(customer_id, ()))

    async def open_of_customers(self, customer_ids: Sequence[str]) -> list[list[str]]:
        """Return the ids of each customer's open cases, in the order asked for."""
        return [await self.open_of_customer(customer_id) for customer_id in customer_ids]

    async def open_or_just_stopped(self, customer_id: str, subscription_id: str) -> list[str]:
        """Return the ids of the customer's open cases, and of the subscription's that were stopped lately."""
        return sorted(self._kept.stopped.of(subscription_id) | self._kept.of_customer.get(customer_id, set()))

    async def story(self, case_id: str) -> list[StoryLine]:
        """Return what happened to the case, oldest first."""
        found = self._kept.find(case_id)
        return [StoryLine(self._kept.moment(at), entry) for at, entry in found.story] if found else []

    async def note(self, case_id: str, entry: Entry, now: datetime, told: OutEvent | None = None) -> None:
        """Add an entry to the story of a case that is itself unchanged, and tell it. A case that is gone stays gone."""
        found = self._kept.find(case_id)
        if found is not None:
            self._tell(found, entry, now)
            self._kept.tell(told)

    async def commit(
        self,
        case: Case,
        revision: int,
        *,
        due_at: datetime | None,
        now: datetime,
        late_since: datetime | None = None,
        story: Sequence[Entry] = (),
        counts: Sequence[str] = (),
        event_id: str | None = None,
        opened_by: datetime | None = None,
        counts_as_new: bool = True,
        sums: Sequence[Sum] = (),
        before: Case | None = None,
        told: Sequence[OutEvent] = (),
    ) -> int:
        """Write the case with what belongs to it, and return its new revision.

        Raises:
            CaseConflictError: somebody else wrote it: read again, decide again.
            EndedBeforeOpeningError: its end is already known.
        """
        del before  # nobody asks it for lists
        kept, found = self._kept, self._kept.find(case.id)
        if (found.revision if found else 0) != revision:
            raise CaseConflictError(f"case {case.id} is no longer at revision {revision}")
        if opened_by is not None and self._has_ended(case, opened_by):
            raise EndedBeforeOpeningError(f"case {case.id} had ended before it was opened")
        if kept.as_text:
            case = Case.from_rest(case.id, case.at_rest())
        was_open = found is not None and found.case.is_open
        if found is None:
            found = kept.cases[case.id] = KeptCase(case, 1)
        else:
            found.case, found.revision = case, revision + 1
        for entry in story:
            self._tell(found, entry, now)
        self._index(case, due_at)
        if was_open and not case.is_open:
            self._look_at_the_others(case.customer_id, kept.moment(now))
        if late_since is None:
            kept.late.pop(case.id, None)
        else:
            kept.late.setdefault(case.id, kept.moment(late_since))
        kept.count(counts)
        kept.sum_up(sums)
        kept.lost.update(dict.fromkeys(losses_of(case.id, sums), kept.moment(now)))
        kept.recovered.update(dict.fromkeys(recoveries_of(case.id, sums), kept.moment(now)))
        kept.tell(*told)
        if opened_by is not None and counts_as_new:
            kept.opened[hour_of(now)] += 1
        if event_id is not None:
            kept.handle(event_id)
        return found.revision

    def _index(self, case: Case, due_at: datetime | None) -> None:
        kept = self._kept
        if due_at is None:
            kept.due.pop(case.id, None)
        else:
            kept.due[case.id] = kept.moment(due_at)
        if case.is_open:
            kept.of_customer.setdefault(case.customer_id, set()).add(case.id)
            return
        kept.of_customer.get(case.customer_id, set()).discard(case.id)
        kept.ended.add(case.id, keys.KEEP_ENDED_CASE)
        if case.state is CaseState.STOPPED:
            kept.stopped.add(case.subscription_id, case.id)
        else:
            kept.stopped.discard(case.subscription_id, case.id)

    def _look_at_the_others(self, customer_id: str, now: datetime) -> None:
        for other in self._kept.of_customer.get(customer_id, ()):
            if other in self._kept.due:
                self._kept.due[other] = min(self._kept.due[other], now)

    def _has_ended(self, case: Case, opened_by: datetime) -> bool:
        of_subscription = self._kept.marks.get(case.subscription_id)
        return self._kept.marks.get(case.id) is not None or (
            of_subscription is not None and of_subscription.since >= to_milliseconds(opened_by)
        )

    def _read(self, case_id: str) -> Versioned:
        found = self._kept.find(case_id)
        return Versioned(found.case, found.revision) if found else Versioned(None, 0)

    def _tell(self, found: KeptCase, entry: Entry, now: datetime) -> None:
        found.story.append((now, entry))
        if self._kept.told is not None:
            self._kept.told(found.case.id, entry, now)
