"""Steps that found Redis away before anything was sent: no fault. Their cases are looked at again once it is back."""

import asyncio
from datetime import timedelta

import structlog

from dunning.errors import CaseConflictError
from dunning.reasons import WaitReason
from dunning.store import REDIS_ERRORS
from worker.services import Services
from worker.write_case import write_case

log = structlog.get_logger()

ASK_AGAIN = timedelta(seconds=0.5)


class AwayBeforeDataError(Exception):
    """Redis is away, slow or refuses, and nothing was sent.

    REDIS_ERRORS contain OSError, which other libraries raise too. This error always comes from Redis, even if it passes
    through other code.
    """


def put_back_when_redis_is_back(
    services: Services, case_id: str, step: str, owner: str | None, error: BaseException
) -> None:
    """Have the case looked at again as soon as Redis is back. Returns without waiting for that, and never raises.

    Args:
        services: the worker's.
        case_id: the case.
        step: its step, of which certainly nothing was sent.
        owner: who claimed the step, or tried to; None where nobody did.
        error: what Redis, or the way to it, said.
    """
    log.warning("step.redis_away", case_id=case_id, step=step, error=type(error.__cause__ or error).__name__)
    services.in_background(_put_back_when_possible(services, case_id, step, owner))


async def _put_back_when_possible(services: Services, case_id: str, step: str, owner: str | None) -> None:
    while True:
        try:
            await _put_back(services, case_id, step, owner)
        except (*REDIS_ERRORS, CaseConflictError):
            await asyncio.sleep(ASK_AGAIN.total_seconds())
        except Exception:  # the case is swept again when its lease ends
            log.exception("step.fault", case_id=case_id, step=step)
            return
        else:
            return


async def _put_back(services: Services, case_id: str, step: str, owner: str | None) -> None:
    """Give up our claim on the step, if we have it. Write the case even if not: the write sets when it is due.

    The write also raises the revision, so that an earlier write of ours that is still on its way to Redis fails.
    """
    (read,) = await services.store.cases.read_versioned([case_id])
    if read.case is None:
        return
    after, delivery = read.case, read.case.delivery(step)
    if owner is not None and delivery.owner == owner:
        after = after.with_delivery(
            step, delivery.put_back(owner, WaitReason.REDIS_AWAY, services.clock(), counted=False)
        )
    await write_case(services, read, after)
