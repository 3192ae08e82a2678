"""Stops what is paused in a batch that was already on its way when the pause began."""

from collections.abc import Sequence

import structlog

from worker.send.find_due import Due
from worker.services import Services

log = structlog.get_logger()


async def let_through(services: Services, due: Sequence[Due]) -> list[Due]:
    """Return those whose mail is not paused. The steps of the others stay due."""
    paused = await services.store.brakes.paused()
    if paused.all is not None:
        # Put them to the front of the index: while all mail is paused, nothing is swept.
        await services.store.due.put_back([one.case.id for one in due], services.clock(), on_time=True)
        return []
    for campaign in sorted({one.case.campaign for one in due} & paused.campaigns.keys()):
        await _park(services, campaign, [one.case.id for one in due if one.case.campaign == campaign])
    return [one for one in due if one.case.campaign not in paused.campaigns]


async def _park(services: Services, campaign: str, case_ids: list[str]) -> None:
    """Set cases aside, because the sweep would hand them over again and again."""
    if await services.store.brakes.park(campaign, case_ids, services.clock()):
        log.info("cases.parked", campaign=campaign, cases=len(case_ids))
    else:  # the campaign was resumed just now
        await services.store.due.put_back(case_ids, services.clock())
