"""Tells a refusal of one recipient from a refusal of us. A refusal of us must not cost any step."""

import structlog

from dunning.reasons import HoldWord
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery
from dunning.store import REDIS_ERRORS
from worker.mail.transport import Outcome, Result
from worker.services import Services

log = structlog.get_logger()

REFUSALS_HOLD = HoldWord.MAIL_REFUSALS
# A few dead addresses may follow each other. More refusals, or refusals that name no dead address, are rather about us.
MOST_UNSPECIFIC = 2
MOST_IN_A_ROW = 5
# Refusals that seem to be about us, but may come from the server of this one recipient, while others take our mail.
# A refusal before any recipient is named can't be of this kind.
MAYBE_THE_RECIPIENT = frozenset({HoldWord.MAIL_RELAY, HoldWord.MAIL_POLICY})


async def reclassify_refusal(services: Services, case: Case, before: Delivery, result: Result) -> Result:
    """Return what a refusal means, given the refusals before it. Any other result is returned as it is.

    Args:
        services: the worker's.
        case: whose mail was refused.
        before: its delivery as it was before this try.
        result: what the mail server said.
    """
    try:
        if result.hold in MAYBE_THE_RECIPIENT and await _met_it_alone(services, before, result.code):
            result = Result(Outcome.REFUSED, result.code, about_recipient=True)
        if result.outcome is Outcome.REFUSED and await _is_one_of_many(services, case, result):
            return Result(Outcome.HELD, result.code, hold=REFUSALS_HOLD)
    except REDIS_ERRORS as error:
        log.warning("mail.refusal_not_weighed", case_id=case.id, error=type(error).__name__)
    return result


async def note_accepted(services: Services) -> None:
    """Note that a mail was accepted. If Redis is away, this is left to the next accepted mail."""
    try:
        await services.store.refusals.accepted(services.clock())
    except REDIS_ERRORS as error:
        log.warning("mail.acceptance_not_noted", error=type(error).__name__)


async def _met_it_alone(services: Services, before: Delivery, code: str) -> bool:
    """Tell whether this mail met the same refusal before, and another mail was accepted in between."""
    if before.reason != code or before.retry_at is None:  # retry_at is the moment at which it was put back
        return False
    accepted_at = await services.store.refusals.accepted_at()
    return accepted_at is not None and accepted_at > before.retry_at


async def _is_one_of_many(services: Services, case: Case, result: Result) -> bool:
    row = await services.store.refusals.note(case.customer_id, about_recipient=result.about_recipient)
    if row.customers > MOST_IN_A_ROW:
        return True
    return not result.about_recipient and row.unspecific > MOST_UNSPECIFIC
