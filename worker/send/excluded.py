"""Skips the steps of customers and subscriptions that an operator excluded. This costs no call to Paddle."""

import contextlib
from collections.abc import Collection, Sequence

import structlog

from dunning.errors import CaseConflictError
from dunning.reasons import SkipReason
from dunning.rules.case import Case
from worker.send.find_due import Due
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()


async def drop_excluded(services: Services, due: Sequence[Due]) -> list[Due]:
    """Return those that may be mailed; the due steps of the others are skipped."""
    excluded = await excluded_of(services, [one.case for one in due])
    for one in due:
        if is_excluded(one.case, excluded):
            log.info("step.excluded", case_id=one.case.id, step=one.step.name)
            skipped = one.case.with_delivery(one.step.name, one.case.delivery(one.step.name).skip(SkipReason.EXCLUDED))
            with contextlib.suppress(CaseConflictError):  # somebody else wrote the case, and when it is due
                await write_case(services, one.read, skipped)
    return [one for one in due if not is_excluded(one.case, excluded)]


async def excluded_of(services: Services, cases: Sequence[Case]) -> frozenset[str]:
    """Return which of these cases' customers and subscriptions are excluded."""
    ids = {entity_id for case in cases for entity_id in (case.customer_id, case.subscription_id)}
    return frozenset(one.id for one in await services.store.exclusions.of(ids))


def is_excluded(case: Case, excluded: Collection[str]) -> bool:
    """Tell whether the case's customer or subscription is one of these."""
    return case.customer_id in excluded or case.subscription_id in excluded
