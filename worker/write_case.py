"""Writing a case with everything that follows from it: when it is due next, its story and its counters."""

import contextlib
from datetime import datetime

from dunning.case import Case
from dunning.case_steps import next_due_at, note_due
from dunning.case_story import counted, moves_told, told
from dunning.lateness import late_since
from dunning.store import REDIS_ERRORS, Versioned
from worker.services import Services


async def write_case(
    services: Services,
    before: Versioned,
    after: Case,
    *,
    why: str | None = None,
    event_id: str | None = None,
    opened_by: datetime | None = None,
    counts_as_new: bool = True,
) -> Versioned:
    """Write the case if nobody wrote it since `before`, and return it as it is now.

    Args:
        services: the worker's.
        before: the case as it was read.
        after: the case as it shall be.
        why: the story's first line, where what changed doesn't say it all.
        event_id: the event that this handles, if one does.
        opened_by: since when it is a debt, when it is opened.
        counts_as_new: whether it is one more failure of this hour, and none that was found late.

    Raises:
        CaseConflictError: somebody else wrote it: read again, decide again.
    """
    campaign = await services.campaigns.of(after)
    if not after.is_open:
        after = note_due(after, campaign, services.clock())
    revision = await services.store.cases.commit(
        after,
        before.revision,
        due_at=next_due_at(after, campaign, services.repeats),
        now=services.clock(),
        late_since=late_since(after, campaign, services.repeats, services.clock()),
        story=[why, *moves_told(before.case, after)] if why else told(before.case, after),
        counts=counted(before.case, after),
        event_id=event_id,
        opened_by=opened_by,
        counts_as_new=counts_as_new,
    )
    if before.case is not None and before.case.is_open and not after.is_open:
        await _look_at_the_others(services, after)
    return Versioned(after, revision)


async def _look_at_the_others(services: Services, ended: Case) -> None:
    """Look at the customer's other debts at once: a newer one may have waited for a mail that won't come any more."""
    with contextlib.suppress(*REDIS_ERRORS):  # within the hour they are looked at anyway
        others = await services.store.cases.open_of_customer(ended.customer_id)
        await services.store.due.bring_forward(others, services.clock())
