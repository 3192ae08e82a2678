"""When a case's steps are due, and which of them is to be sent. Pure, with `now` as an argument."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dunning.reasons import DeadReason, SkipReason
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.delivery import FIRST_RETRY, LONGEST_RETRY, Delivery, DeliveryState

# The mails of a case keep at least this share of the distance that is planned between their steps.
SHARE_OF_DISTANCE = 2
# States in which a mail is with the customer, or may be.
MAY_HAVE_ARRIVED = frozenset({DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN})


def pick_step(case: Case, campaign: Campaign, repeats: int, now: datetime) -> tuple[Case, Step | None]:
    """Settle what needs no question to Paddle, and return the step that is to be sent now, if any.

    Of several steps that are due only the latest is sent, and none is sent after a later one was dealt with. It waits
    until the last mail is far enough behind. A step somebody is at work on is left to them. `repeats` is how often a
    delivery that ended in silence may be sent again.
    """
    for name, delivery in case.deliveries.items():
        if (lapsed := delivery.lapse(now)) is not delivery:
            case = case.with_delivery(name, lapsed)
    if not case.is_open or (case.not_before is not None and now < case.not_before):
        return case, None
    reached = _reached(case, campaign, repeats, now)
    free = [step for step in reached if not _is_settled_or_held(case.delivery(step.name), repeats, now)]
    latest = free.pop() if free and free[-1] is reached[-1] else None
    for step in free:
        case = case.with_delivery(step.name, case.delivery(step.name).skip(SkipReason.OVERTAKEN))
    if now >= case.failed_at + OPEN_FOR:
        return _exhaust(case, campaign, latest, now), None
    if (
        latest is None
        or (case.delivery(latest.name).retry_at or now) > now
        or _is_too_near(case, campaign, latest, now)
    ):
        return case, None
    return case, latest


def note_due(case: Case, campaign: Campaign, now: datetime) -> Case:
    """Return an ended case with every step that was due noted, and so skipped for the reason the case ended."""
    for step in campaign.steps:
        if step.name not in case.deliveries and _due_at(case, step) <= now:
            case = case.with_delivery(step.name, Delivery())
    return case


def next_due_at(case: Case, campaign: Campaign, repeats: int) -> datetime | None:
    """Return when the case is to be looked at next; None when it is over and nothing is on its way."""
    if not case.is_open:
        sending = [one for one in case.deliveries.values() if one.state is DeliveryState.SENDING]
        return min((one.held_until for one in sending if one.held_until is not None), default=None)
    first = case.failed_at + OPEN_FOR
    for step in campaign.steps:
        delivery = case.delivery(step.name)
        if delivery.is_settled(repeats):
            continue
        if delivery.held_until is not None:
            first = min(first, delivery.held_until)
        elif _due_at(case, step) < first:  # or else it can't be the first
            first = min(first, max(ready_at(case, campaign, step), delivery.retry_at or case.failed_at))
    return max(first, case.not_before or case.failed_at)


def ready_at(case: Case, campaign: Campaign, step: Step) -> datetime:
    """Return when the step may be sent, tries in vain aside: when it is due, and the last mail far enough behind."""
    due_at = _due_at(case, step)
    return max(due_at, far_enough_at(case, campaign, step) or due_at)


def far_enough_at(case: Case, campaign: Campaign, step: Step) -> datetime | None:
    """Return when the last mail is far enough behind for this step; None where there was none.

    Between two mails lies at least half of what the campaign plans between their steps, however late the first was.
    A step that was begun after a mail went out is not held up by it.
    """
    if not case.deliveries:
        return None
    begun_at, moments = case.delivery(step.name).dated_at, []
    for earlier in campaign.steps[: campaign.steps.index(step)]:
        delivery = case.deliveries.get(earlier.name)
        mailed_at = _mailed_at(delivery) if delivery is not None else None
        if mailed_at is not None and (begun_at is None or mailed_at > begun_at):
            planned = step.after[case.decline_class] - earlier.after[case.decline_class]
            moments.append(mailed_at + planned / SHARE_OF_DISTANCE)
    return max(moments, default=None)


def mails_sent(case: Case, *, but: str | None) -> int:
    """Return how many mails about the debt went out, or may have, those aside that are of the step `but`."""
    return sum(name != but and _mailed_at(delivery) is not None for name, delivery in case.deliveries.items())


def last_mailed(case: Case) -> str | None:
    """Return the step of the last mail about the debt that went out, or may have; None where there was none."""
    mailed = _mailed(case)
    return max(mailed, key=lambda name: mailed[name], default=None)


def first_mailed_at(case: Case) -> datetime | None:
    """Return when the first mail about the debt went out, or may have; None where there was none."""
    return min(_mailed(case).values(), default=None)


def cover(case: Case, step: Step, mailed_at: datetime) -> Case:
    """Return the case with this step covered by a mail that named its debt, and that went out at `mailed_at`."""
    covered = case.delivery(step.name).skip(SkipReason.COVERED)
    return case.with_delivery(step.name, covered.but(dated_at=mailed_at))


def bring_forward(case: Case, campaign: Campaign, step_name: str | None, repeats: int, now: datetime) -> Case:
    """Return the case with a step due now: the one that is named, or else the next that isn't done.

    Raises:
        ValueError: it can't be; the sentence says why.
    """
    if not case.is_open:
        raise ValueError(f"Case {case.id} has ended ({case.state}): nothing of it is sent any more.")
    if step_name is not None and step_name not in [step.name for step in campaign.steps]:
        known = ", ".join(step.name for step in campaign.steps)
        raise ValueError(f"Campaign {campaign.name} has no step {step_name!r}; it has {known}.")
    left = [step.name for step in campaign.steps if not case.delivery(step.name).is_settled(repeats)]
    chosen = step_name or next(iter(left), None)
    if chosen is None:
        raise ValueError(f"Every step of case {case.id} is done.")
    if chosen not in left:
        raise ValueError(f"Step {chosen} of case {case.id} is done: {case.delivery(chosen).state}.")
    delivery = case.delivery(chosen)
    if delivery.is_held(now):
        raise ValueError(f"Step {chosen} of case {case.id} is being sent just now.")
    begun_at = delivery.given_at if delivery.unknowns else None
    due = delivery.but(dated_at=begun_at or now, retry_at=None)
    return case.with_delivery(chosen, due).but(not_before=None)


def send_anew(case: Case, campaign: Campaign, repeats: int, now: datetime) -> tuple[Case, str]:
    """Return the case with the mail of its last step that is done due once more, as another mail; and the step.

    Raises:
        ValueError: it can't be; the sentence says why.
    """
    if not case.is_open:
        raise ValueError(f"Case {case.id} has ended ({case.state}): nothing of it is sent any more.")
    done = [step.name for step in campaign.steps if case.delivery(step.name).is_settled(repeats)]
    if not done:
        raise ValueError(f"No email of case {case.id} was due yet. `dunning cases send-now` sends the first.")
    step, delivery = done[-1], case.delivery(done[-1])
    latest = _reached(case, campaign, repeats, now)[-1].name
    if latest != step:
        raise ValueError(f"The next email of case {case.id}, {latest}, is due already, and goes out in its place.")
    if delivery.state is DeliveryState.SKIPPED and delivery.reason == SkipReason.COVERED:
        raise ValueError(
            f"The last email about case {case.id} was that of another debt of the customer: its story says of which. "
            "Send that one again."
        )
    return case.with_delivery(step, delivery.send_anew(now)).but(not_before=None), step


def backoff(tries: int, jitter: float) -> timedelta:
    """Return how long to wait after this many failed tries: about 1, 2, 4, 8 … s, at most 15 minutes.

    `jitter` from 0 to 1 spreads those that failed together over half as long again.
    """
    doubled: timedelta = FIRST_RETRY * 2 ** min(tries, 20)
    return min(doubled, LONGEST_RETRY / 1.5) * (1 + jitter / 2)


def _due_at(case: Case, step: Step) -> datetime:
    """Return when the step is due. A new decline class moves only what was not begun: a repeat must not wait days."""
    return case.delivery(step.name).dated_at or step.due_at(case.failed_at, case.decline_class)


def _reached(case: Case, campaign: Campaign, repeats: int, now: datetime) -> Sequence[Step]:
    """Return the steps up to the latest that is due, was begun or was dealt with."""
    for position in range(len(campaign.steps), 0, -1):
        step = campaign.steps[position - 1]
        delivery = case.delivery(step.name)
        was_begun = delivery.dated_at is not None or delivery.is_settled(repeats)
        if was_begun or step.due_at(case.failed_at, case.decline_class) <= now:
            return campaign.steps[:position]
    return ()


def _is_settled_or_held(delivery: Delivery, repeats: int, now: datetime) -> bool:
    return delivery.is_settled(repeats) or delivery.is_held(now)


def _is_too_near(case: Case, campaign: Campaign, step: Step, now: datetime) -> bool:
    far_enough = far_enough_at(case, campaign, step)
    return far_enough is not None and now < far_enough


def _mailed(case: Case) -> dict[str, datetime]:
    return {name: at for name, delivery in case.deliveries.items() if (at := _mailed_at(delivery)) is not None}


def _mailed_at(delivery: Delivery) -> datetime | None:
    """Return when the customer was mailed last about this step, may have been, or is about to be."""
    covered = delivery.state is DeliveryState.SKIPPED and delivery.reason == SkipReason.COVERED
    # One that fell silent may have arrived, also where its repeat was refused.
    mailed = covered or delivery.state in MAY_HAVE_ARRIVED or delivery.unknowns > 0 or delivery.held_until is not None
    return delivery.given_at if mailed else None


def _exhaust(case: Case, campaign: Campaign, due: Step | None, now: datetime) -> Case:
    if due is not None:
        delivery, too_near = case.delivery(due.name), _is_too_near(case, campaign, due, now)
        case = case.with_delivery(
            due.name, delivery.skip(SkipReason.OVERTAKEN) if too_near else delivery.die(DeadReason.DEBT_LAPSED)
        )
    return case.end(CaseState.EXHAUSTED, None, now)
