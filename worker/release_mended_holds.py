"""Looks whether holds are mended, so that a mended hold is taken off although no mail is due.

Some holds can be checked only by sending a mail. For these, one due case finds out every half minute. If no case is
due, such a hold is taken off.
"""

from datetime import timedelta

import structlog

from dunning.errors import DunningError, GrantRefusedError
from dunning.paddle_api.grants import Grant
from dunning.reasons import HoldWord
from dunning.store import Hold
from dunning.store.due import LEASE
from dunning.store.holds import EVERYTHING
from worker.missing_templates import TEMPLATE_HOLD
from worker.operator import PADDLE_HOLDS, release_holds
from worker.repeat import repeat
from worker.send.refusals import REFUSALS_HOLD
from worker.services import WorkerServices

log = structlog.get_logger()

EVERY = timedelta(seconds=30)
# The holds that are checked without a mail, if the transport can do so; see `Transport.probe`.
PROBED = frozenset({HoldWord.MAIL_LOGIN, HoldWord.MAIL_SENDER, HoldWord.MAIL_FOLDER, HoldWord.MAIL_DISK})


async def release_mended_holds_forever(services: WorkerServices) -> None:
    """Look every half minute until canceled. Of several workers, only one looks each time."""

    async def work() -> None:
        if await services.store.holds.all() and await services.store.holds.take_look(EVERY):
            await release_mended_holds(services)

    await repeat(work, EVERY, "hold.look_fault")


async def release_mended_holds(services: WorkerServices) -> None:
    """Take off each hold that is mended, each at most once an hour: if it comes back, a look was wrong about it."""
    for hold in await services.store.holds.all():
        began_at = services.clock()
        if await services.store.holds.is_doubted(hold.word) or not await _is_mended(services, hold):
            continue
        if await release_holds(services, hold.word, began_at=began_at, shows=EVERYTHING):
            await services.store.holds.doubt(hold.word)


async def _is_mended(services: WorkerServices, hold: Hold) -> bool:
    if hold.word in PADDLE_HOLDS:
        return await _paddle_answers(services, hold)
    if hold.word in PROBED and (mended := await services.transport.probe()) is not None:
        return hold.word in mended
    if hold.word == REFUSALS_HOLD:
        return await services.store.refusals.are_over()
    if hold.word == TEMPLATE_HOLD and await _has_template(services, hold):
        return True
    return not await _anything_is_due(services)


async def _paddle_answers(services: WorkerServices, hold: Hold) -> bool:
    """Make a small call of the kind that was refused."""

    async def next_grant() -> Grant:
        grants = await services.store.limiter.ask(1, background=True)
        if grants is None:
            raise GrantRefusedError("The API budget has no room now for a look at a hold.")
        return grants[0]

    needed = hold.about.split()
    try:
        return set(needed) <= set(await services.paddle.try_access(needed, next_grant))
    except DunningError:
        return False


async def _has_template(services: WorkerServices, hold: Hold) -> bool:
    """Tell whether the case that lacked a template has one now, or needs none any more."""
    case_id, _, name = hold.about.partition(" ")
    case = await services.store.cases.read(case_id)
    if case is None or not case.is_open or case.delivery(name).is_settled(services.repeats):
        return True
    steps = {step.name: step for step in (await services.campaigns.of(case)).steps}
    return name not in steps or services.renderer.has_template(steps[name].template)


async def _anything_is_due(services: WorkerServices) -> bool:
    """Tell whether a case is due, or a worker has it in hand."""
    first = await services.store.due.next_up(0, 1)
    return any(at <= services.clock() + LEASE for _, at in first)
