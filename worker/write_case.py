"""Writing a case by the campaign it began with, and by what the worker's way of sending can do."""

from datetime import datetime

from dunning.casebook.write import write_by
from dunning.rules.case import Case
from dunning.rules.story import Entry
from dunning.rules.tally import Money
from dunning.store import Versioned
from worker.services import Services


async def write_case(
    services: Services,
    before: Versioned,
    after: Case,
    *,
    why: Entry | None = None,
    event_id: str | None = None,
    opened_by: datetime | None = None,
    counts_as_new: bool = True,
    money: Money | None = None,
    unasked: bool = False,
) -> Versioned:
    """Write the case if nobody wrote it since `before`, and return it as it is now: see `write_by`.

    Raises:
        CaseConflictError: somebody else wrote it: read again, decide again.
    """
    return await write_by(
        services.store,
        await services.campaigns.of(after),
        services.repeats,
        services.clock(),
        before,
        after,
        why=why,
        event_id=event_id,
        opened_by=opened_by,
        counts_as_new=counts_as_new,
        money=money,
        unasked=unasked,
    )
