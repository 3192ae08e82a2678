"""The operator's brake on a batch that was on its way already when it was pulled."""

from collections.abc import Sequence

import structlog

from worker.send.find_due import Due
from worker.services import Services

log = structlog.get_logger()


async def let_through(services: Services, due: Sequence[Due]) -> list[Due]:
    """Return those whose mail is not paused. The steps of the others stay due."""
    paused = await services.store.brakes.paused()
    if paused.all is not None:
        # To the front: while all mail is paused, nothing is swept.
        await services.store.due.put_back([one.case.id for one in due], services.clock(), on_time=True)
        return []
    for campaign in sorted({one.case.campaign for one in due} & paused.campaigns.keys()):
        await _park(services, campaign, [one.case.id for one in due if one.case.campaign == campaign])
    return [one for one in due if one.case.campaign not in paused.campaigns]


async def _park(services: Services, campaign: str, case_ids: list[str]) -> None:
    """Put cases out of the sweep's way, which would hand them over again and again."""
    if await services.store.brakes.park(campaign, case_ids, services.clock()):
        log.info("cases.parked", campaign=campaign, cases=len(case_ids))
    else:  # resumed in this moment
        await services.store.due.put_back(case_ids, services.clock())
