"""Writing a case with all that follows: when it is due next, its story and its counters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dunning.rules.campaign import Campaign
from dunning.rules.case import Case, CaseState
from dunning.rules.cohort import sums_by_failure
from dunning.rules.due_steps import next_due_at, note_due
from dunning.rules.lateness import late_since
from dunning.rules.out_events import OutEvent, of_write
from dunning.rules.story import Entry, Kind
from dunning.rules.tally import Money, Sum, sums_of
from dunning.rules.what_changed import counted, entries_of_change, entries_of_moves
from dunning.store import StoryLine, Versioned


class Cases(Protocol):
    """Where cases are written."""

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
    ) -> int: ...
    async def story(self, case_id: str) -> list[StoryLine]: ...


class Store(Protocol):
    """The part of the store that is written to here."""

    @property
    def cases(self) -> Cases: ...


async def write_by(  # noqa: PLR0917 - what it is decided by
    store: Store,
    campaign: Campaign,
    repeats: int,
    now: datetime,
    before: Versioned,
    after: Case,
    *,
    why: Entry | None = None,
    event_id: str | None = None,
    opened_by: datetime | None = None,
    counts_as_new: bool = True,
    due_at: datetime | None = None,
    money: Money | None = None,
    unasked: bool = False,
) -> Versioned:
    """Write the case if nobody wrote it since `before`, and return it as it is now.

    Args:
        store: where.
        campaign: the case's own.
        repeats: how often a mail that may have arrived is sent again.
        now: the time.
        before: the case as it was read.
        after: the case as it shall be.
        why: the story's first entry, if what changed doesn't say it all.
        event_id: the event that is handled by this, if there is one.
        opened_by: if this opens the case, since when it is a debt.
        counts_as_new: whether it counts as a failure of this hour; False for one that was found late.
        due_at: when it is looked at next, if its campaign is not to decide that.
        money: the debt's amount, if what brings this about tells it. It is added to sums, and not kept with the case.
        unasked: whether it was paid by another payment method than those that had failed.

    Raises:
        CaseConflictError: somebody else wrote it: read again, decide again.
    """
    if not after.is_open:
        after = note_due(after, campaign, now)
    clicked = await _was_clicked(store, before.case, after)
    revision = await store.cases.commit(
        after,
        before.revision,
        due_at=due_at or next_due_at(after, campaign, repeats),
        now=now,
        late_since=late_since(after, campaign, repeats, now),
        story=[why, *entries_of_moves(before.case, after)] if why else entries_of_change(before.case, after),
        counts=counted(before.case, after),
        event_id=event_id,
        opened_by=opened_by,
        counts_as_new=counts_as_new,
        sums=[
            *sums_of(before.case, after, now, money=money, clicked=clicked, unasked=unasked),
            *sums_by_failure(before.case, after, campaign, money),
        ],
        before=before.case,
        told=of_write(before.case, after, before.revision + 1, now),
    )
    return Versioned(after, revision)


async def _was_clicked(store: Store, before: Case | None, after: Case) -> bool:
    """Tell whether the link of a case that is paid now was clicked and led to Paddle. No other case is looked up."""
    if after.state is not CaseState.RECOVERED or before is None or before.state is CaseState.RECOVERED:
        return False
    return any(line.entry.kind is Kind.CLICKED for line in await store.cases.story(after.id))
