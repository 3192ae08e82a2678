"""Finding, in a batch, the cases with a step that is to be sent now; the others are tidied and put back."""

from collections.abc import Sequence
from dataclasses import dataclass

from dunning.campaign import Step
from dunning.case import Case
from dunning.case_steps import next_due_at, tidy
from dunning.store import Versioned
from worker.services import Services
from worker.write_case import write_case


@dataclass(frozen=True, slots=True)
class Due:
    """A case with a step that is due: as it was read, and as it is after what needed no question."""

    read: Versioned
    case: Case
    step: Step


async def find_due(services: Services, case_ids: Sequence[str]) -> list[Due]:
    """Return those of these cases with a step that is to be sent now."""
    due = []
    for case_id, read in zip(case_ids, await services.store.cases.read_versioned(case_ids), strict=True):
        if read.case is None:
            await services.store.due.forget(case_id)
            continue
        case, step = tidy(read.case, services.campaign, services.repeats, services.clock())
        if step is not None:
            due.append(Due(read, case, step))
        elif case is not read.case:
            await write_case(services, read, case)
        elif (at := next_due_at(case, services.campaign, services.repeats)) is not None:
            await services.store.due.put_back([case_id], at)
        else:
            await services.store.due.forget(case_id)
    return due
