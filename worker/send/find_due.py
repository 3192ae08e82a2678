"""Finding, in a batch, the cases with a step that is to be sent now; the others are brought up to date and put back."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from dunning.errors import CaseConflictError
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case
from dunning.rules.due_steps import next_due_at, pick_step
from dunning.rules.lateness import late_since
from dunning.store import Versioned
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()

NOT_AT_ONCE = timedelta(seconds=1)
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A case with a step that is due. `read` is the case as it was read, and `case` as `pick_step` returned it."""

    read: Versioned
    case: Case
    campaign: Campaign
    step: Step


async def find_due(services: Services, case_ids: Sequence[str]) -> list[Due]:
    """Return those of these cases with a step that is to be sent now."""
    due = []
    for case_id, read in zip(case_ids, await services.store.cases.read_versioned(case_ids), strict=True):
        if read.unreadable:
            log.error("case.unreadable", case_id=case_id)
            await services.store.due.put_back([case_id], services.clock() + AN_HOUR)
            continue
        if read.case is None:
            await services.store.due.forget(case_id, read.revision)
            continue
        campaign = await services.campaigns.of(read.case)
        case, step = pick_step(read.case, campaign, services.repeats, services.clock())
        if step is not None:
            due.append(Due(read, case, campaign, step))
        elif case is not read.case:
            with contextlib.suppress(CaseConflictError):  # somebody else wrote the case, and when it is due
                await write_case(services, read, case)
        elif (at := next_due_at(case, campaign, services.repeats)) is not None:
            # Never at once: a worker whose clock is ahead would sweep it again and again.
            now = services.clock()
            on_time = late_since(case, campaign, services.repeats, now) is None
            await services.store.due.put_back([case_id], max(at, now + NOT_AT_ONCE), on_time=on_time)
        else:
            await services.store.due.forget(case_id, read.revision)
    return due
