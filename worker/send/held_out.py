"""Skips the steps of cases that are held out, to measure what mails bring. This costs no call to Paddle."""

import contextlib
from collections.abc import Sequence

import structlog

from dunning.errors import CaseConflictError
from dunning.reasons import SkipReason
from dunning.rules.case import Case
from dunning.rules.hold_out import is_left_unmailed
from worker.send.find_due import Due
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()


async def drop_held_out(services: Services, due: Sequence[Due]) -> list[Due]:
    """Return those that may be mailed; the due steps of the others are skipped."""
    held_out = [one for one in due if one.case.held_out]
    if not held_out:
        return [*due]
    others = await _other_cases(services, [one.case for one in held_out])
    unmailed = [one for one in held_out if is_left_unmailed(one.case, others[one.case.id])]
    for one in unmailed:
        log.info("step.held_out", case_id=one.case.id, step=one.step.name)
        skipped = one.case.with_delivery(one.step.name, one.case.delivery(one.step.name).skip(SkipReason.HELD_OUT))
        with contextlib.suppress(CaseConflictError):  # somebody else wrote the case, and when it is due
            await write_case(services, one.read, skipped)
    return [one for one in due if one not in unmailed]


async def _other_cases(services: Services, cases: Sequence[Case]) -> dict[str, list[Case]]:
    """Return, for each of these cases, the customer's other open cases that can be read."""
    found = await services.store.cases.open_of_customers([case.customer_id for case in cases])
    ids = {case.id: [one for one in theirs if one != case.id] for case, theirs in zip(cases, found, strict=True)}
    wanted = sorted({one for others in ids.values() for one in others})
    read = await services.store.cases.read_versioned(wanted) if wanted else []
    known = {one.case.id: one.case for one in read if one.case is not None and one.case.is_open}
    return {case_id: [known[one] for one in others if one in known] for case_id, others in ids.items()}
