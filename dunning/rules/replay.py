"""What a case that has ended would have been mailed by another plan, had all else gone the same. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from dunning.reasons import SkipReason
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import DeliveryState
from dunning.rules.due_steps import next_due_at, pick_step
from dunning.rules.story import Entry

# Nothing is sent, so nothing is repeated.
NO_REPEATS = 0
NOBODY = "replay"
IN_THE_WAY = frozenset(SkipReason) - {SkipReason.OVERTAKEN}


class Decline(NamedTuple):
    """A failed charge as we came to know of it."""

    at: datetime
    decline_class: DeclineClass


class Mail(NamedTuple):
    """A mail that goes out by a plan."""

    step: str
    template: str
    at: datetime


def declines_of(story: Iterable[tuple[datetime, Entry]]) -> list[Decline]:
    """Return the failed charges that a story tells of, the oldest first."""
    return [Decline(at, entry.decline_class) for at, entry in story if entry.decline_class is not None]


def went_by_the_plan(case: Case) -> bool:
    """Tell whether nothing but the plan and its end decided what the case was mailed."""
    return not case.held_out and not any(
        one.state in {DeliveryState.REFUSED, DeliveryState.DEAD} or one.reason in IN_THE_WAY
        for one in case.deliveries.values()
    )


def mails_by(campaign: Campaign, case: Case, declines: Sequence[Decline], until: datetime) -> list[Mail]:
    """Return the mails that this campaign plans for the case, with its declines, before it ended.

    Sending hours are not known of a case, so a mail goes out when it is due.

    Args:
        campaign: the plan.
        case: the case, as it ended.
        declines: its failed charges, of which the first opened it.
        until: when it ended.
    """
    (now, decline_class), *later = declines
    case = case.but(
        state=CaseState.OPEN, reason=None, ended_at=None, not_before=None, deliveries={}, decline_class=decline_class
    )
    mails: list[Mail] = []
    while (due_at := next_due_at(case, campaign, NO_REPEATS)) is not None and max(due_at, now) < until:
        if later and later[0].at <= max(due_at, now):
            now, decline_class = later.pop(0)
            case = case.but(decline_class=decline_class)
            continue
        now = max(due_at, now)
        case, step = pick_step(case, campaign, NO_REPEATS, now)
        if step is not None:
            mails.append(Mail(step.name, step.template, now))
            sending = case.delivery(step.name).claim(NOBODY, now).begin_data(NOBODY)
            case = case.with_delivery(step.name, sending.settle(NOBODY, DeliveryState.SENT, NOBODY))
    return mails
