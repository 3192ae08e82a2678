"""Since when a case's mail is late: counted from when its step was planned, however often it was tried since. Pure."""

from datetime import datetime

from dunning.reasons import WaitReason
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case
from dunning.rules.delivery import Delivery
from dunning.rules.due_steps import far_enough_at

# Why a step waits because it is meant to: none of these is a failure, and nobody has to mend anything.
BY_DESIGN = frozenset(
    {
        WaitReason.PAYMENT_ON_ITS_WAY,
        WaitReason.OUTSIDE_HOURS,
        WaitReason.TRANSACTION_BILLED,
        WaitReason.PAUSED,
        WaitReason.EXCLUDED,
        WaitReason.DEBTS_CHANGED,
    }
)


def late_since(case: Case, campaign: Campaign, repeats: int, now: datetime) -> datetime | None:
    """Return when the step was planned that is being tried, or was tried in vain; None where there is none.

    What was due and nobody has touched yet isn't late by this: the due index still says since when it waits. `repeats`
    is how often a delivery that ended in silence may be sent again.
    """
    if not case.is_open:
        return None
    for step in reversed(campaign.steps):
        delivery = case.delivery(step.name)
        if delivery.is_settled(repeats):
            return None
        planned_at = _planned_at(case, step, delivery)
        if planned_at <= now:
            since = max(planned_at, far_enough_at(case, campaign, step) or planned_at, case.not_before or planned_at)
            return since if since <= now and _is_tried(delivery) else None
    return None


def _planned_at(case: Case, step: Step, delivery: Delivery) -> datetime:
    """Return when the step was to go out by the campaign, or by an operator who would not wait for that."""
    planned_at = step.due_at(case.failed_at, case.decline_class)
    return min(planned_at, delivery.dated_at or planned_at)


def _is_tried(delivery: Delivery) -> bool:
    return delivery.held_until is not None or (delivery.reason is not None and delivery.reason not in BY_DESIGN)
