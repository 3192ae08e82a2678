"""Telling the operator what only they can mend. It stops sending. When it is mended, sending goes on by itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog

from dunning.alerts import Alert
from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.store import REDIS_ERRORS
from worker.services import Services

log = structlog.get_logger()

# A mail that was refused for another reason shows that these are mended.
HOLDS_BEFORE_A_REFUSAL = (HoldWord.MAIL_LOGIN, HoldWord.MAIL_SENDER)
MINT_HOLD = HoldWord.PADDLE_PORTAL_PERMISSION
PADDLE_HOLDS = (HoldWord.PADDLE_KEY, HoldWord.PADDLE_PERMISSION)


async def put_on_hold(services: Services, error: OperatorMustActError) -> None:
    """Stop sending until the operator has mended this. Half a minute later one case finds out whether they have."""
    try:
        new = await services.store.holds.raise_(error, services.clock())
    except REDIS_ERRORS as away:
        log.warning("hold.not_noted", hold=error.hold, problem=str(error), error=type(away).__name__)
        return
    if new:
        log.error(Alert.MUST_ACT, hold=error.hold, problem=str(error))


async def release_holds(
    services: Services, *words: str, began_at: datetime, shows: Iterable[str] = ()
) -> Sequence[str]:
    """Take off those of these holds that a success shows to be mended, and return them; see `Holds.release`.

    If Redis is away, they stay on until the next success takes them off.
    """
    try:
        released = await services.store.holds.release(*words, began_at=began_at, shows=shows, now=services.clock())
    except REDIS_ERRORS as away:
        log.warning("hold.not_released", holds=words, error=type(away).__name__)
        return ()
    for word in released:
        log.info(Alert.MENDED, hold=word)
    return released
