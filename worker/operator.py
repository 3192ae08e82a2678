"""Telling the operator: what only they can mend stops sending, and work goes on by itself when it is mended."""

import structlog

from dunning.errors import OperatorMustActError
from worker.services import Services

log = structlog.get_logger()

MINT_HOLD = "paddle_portal_permission"
PADDLE_HOLDS = ("paddle_key", "paddle_permission")


async def put_on_hold(services: Services, error: OperatorMustActError) -> None:
    """Stop sending until the operator has mended this. Half a minute later one case finds out whether they have."""
    if await services.store.holds.raise_(error, services.clock()):
        log.error("operator.must_act", hold=error.hold, problem=str(error))


async def release_holds(services: Services, *words: str) -> None:
    """Go on sending, since what these holds were about works again."""
    for word in await services.store.holds.release(*words):
        log.info("operator.mended", hold=word)
