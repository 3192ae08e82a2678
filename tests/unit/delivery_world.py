"""What there is where one debt's two mails are sent: how things stand, as values that can be compared and hashed.

The case is Dunning's own, written down as it is stored; around it are the due index, two workers, a mailbox and a
payment. What may happen to them is told in `delivery_moves`.
"""

from datetime import datetime
from enum import StrEnum, auto
from functools import cache
from typing import NamedTuple

from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import OPEN_FOR, Case
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.due_steps import next_due_at, pick_step
from dunning.rules.triggers import Trigger
from tests.unit.case_builders import FAILED_AT, SECOND

# The second step falls due while the first may still be on its way: a claim holds for 50 s.
DUE_AFTER = {"one": 0 * SECOND, "two": 40 * SECOND}
CAMPAIGN = Campaign(
    "renewal",
    Trigger.RENEWAL_FAILED,
    tuple(Step(name, dict.fromkeys(DeclineClass, after), "reminder") for name, after in DUE_AFTER.items()),
    None,
)


class Phase(StrEnum):
    """What a worker is about to do."""

    LOOK = auto()
    PUT_BACK = auto()
    """It saw nothing to do."""
    CLAIM = auto()
    """It saw a step to send, and Paddle said that the debt is owed."""
    BEGIN = auto()
    """It has claimed, and talks to the mail server up to RCPT."""
    DATA = auto()
    """It has written `sending`."""
    RECORD = auto()
    """It knows how the send ended."""


class Worker(NamedTuple):
    """A worker, the case as it saw it, and the delivery as it last wrote it."""

    phase: Phase = Phase.LOOK
    seen: str = ""
    step: str = ""
    delivery: Delivery | None = None
    ended: DeliveryState | None = None
    time_is_up_at: datetime | None = None
    """When the due index's lease, or else its claim, lapses."""


class Payment(StrEnum):
    """How far the payment is."""

    OPEN = auto()
    MADE = auto()
    RECORDED = auto()


class World(NamedTuple):
    """How things stand. `arrived` counts the mails of each step in the customer's mailbox.

    `mishaps` (deaths, silences, workers that outlive their claim) and `setbacks` (certain failures) are how many may
    still happen. `gap` tells that one fell on a worker that might have given the mail server its mail.
    """

    case: str
    due: datetime | None
    now: datetime
    mishaps: int
    setbacks: int
    workers: tuple[Worker, ...] = (Worker(), Worker())
    payment: Payment = Payment.OPEN
    arrived: tuple[int, ...] = (0,) * len(DUE_AFTER)
    gap: bool = False


@cache
def read(text: str) -> Case:
    return Case.model_validate_json(text)


def written(case: Case) -> str:
    """Write the case as Redis holds it, without what no rule reads: why things ended, and when the case did."""
    return case.model_dump_json(
        by_alias=True,
        exclude_defaults=True,
        exclude={"reason": True, "ended_at": True, "deliveries": {"__all__": {"reason"}}},
    )


@cache
def tidied(text: str, repeats: int, now: datetime) -> tuple[str, str | None]:
    """Tidy a case, and name the step that is to be sent now."""
    case, step = pick_step(read(text), CAMPAIGN, repeats, now)
    return written(case), step.name if step else None


@cache
def with_delivery(text: str, step: str, delivery: Delivery) -> str:
    return written(read(text).with_delivery(step, delivery))


@cache
def due_at(text: str, repeats: int) -> datetime | None:
    return next_due_at(read(text), CAMPAIGN, repeats)


@cache
def turning_points(text: str) -> tuple[datetime, ...]:
    """Give the moments at which a case may have to be seen otherwise, while nobody writes it."""
    moments: set[datetime | None] = {FAILED_AT + OPEN_FOR, *(FAILED_AT + after for after in DUE_AFTER.values())}
    for delivery in read(text).deliveries.values():
        moments |= {delivery.held_until, delivery.retry_at}
    return tuple(moment for moment in moments if moment)
