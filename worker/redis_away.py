"""What meets a Redis that is away before anything was sent: no fault, and looked at again as soon as Redis is back."""

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

    REDIS_ERRORS hold OSError, which much else raises too: this one comes from Redis, whoever lets it through.
    """


def look_again(services: Services, case_id: str, step: str, owner: str | None, error: BaseException) -> None:
    """Have the case looked at again at once when Redis is back. Returns before that, and never raises.

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
        except Exception:  # the lease brings it back
            log.exception("step.fault", case_id=case_id, step=step)
            return
        else:
            return


async def _put_back(services: Services, case_id: str, step: str, owner: str | None) -> None:
    """Let go of the step where it is ours, and write the case in any case: that sets when it is due.

    The write also makes whatever of ours is still on its way to Redis come too late.
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
