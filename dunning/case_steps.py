"""When a case's steps are due, and whether a step that is due may be sent. Pure, with `now` as an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dunning.campaign import Campaign, SendBetween, Step
from dunning.case import OPEN_FOR, Case, CaseState
from dunning.delivery import FIRST_RETRY, LONGEST_RETRY, Delivery, DeliveryState
from dunning.live import LiveSubscription, LiveTransaction
from dunning.sending_hours import next_opening

# Paddle moves a declined renewal from `billed` to `past_due` within seconds; a mail in between would be premature.
LOOK_AGAIN = timedelta(seconds=10)
# Some four minutes of asking: long enough for a passing fault, and no reason to ask for ever.
LOOKS_FOR_THE_MISSING = 8
MISSING = "not_in_answer"


class SkipReason(StrEnum):
    """Why a step that was due was not sent."""

    OVERTAKEN = "overtaken"
    """A later step of the same case was due too."""
    COVERED = "covered"
    """The mail of another case of the same customer names this debt too."""
    COLLECTED_BY_INVOICE = "collected_by_invoice"
    """Collection turned manual: the portal can't take a payment method for it."""
    ENDING_BY_ITSELF = "ending_by_itself"
    """The subscription is scheduled to be canceled."""
    SUBSCRIPTION_NOT_OWING = "subscription_not_owing"
    """The subscription is in a state that owes nothing, such as trialing."""
    CUSTOMER_ARCHIVED = "customer_archived"
    """The seller put the customer away."""
    NO_ADDRESS = "no_address"
    """The customer has no address, or none that mail can be sent to."""
    SUPPRESSED = "suppressed"
    """The address bounced or complained."""
    NOT_AT_PADDLE = "not_at_paddle"
    """Paddle's answers hold no such transaction or subscription that can be read."""


@dataclass(frozen=True, slots=True)
class Send:
    """The step may go out."""


@dataclass(frozen=True, slots=True)
class Skip:
    """The step is not to be sent; the case goes on."""

    reason: SkipReason


@dataclass(frozen=True, slots=True)
class End:
    """The case is over."""

    state: CaseState
    reason: str | None


@dataclass(frozen=True, slots=True)
class Later:
    """It is to be looked at again. `counted`: as a try in vain, after which the next one waits longer."""

    reason: str
    after: timedelta
    counted: bool = True


def tidy(case: Case, campaign: Campaign, repeats: int, now: datetime) -> tuple[Case, Step | None]:
    """Settle what needs no question to Paddle, and return the step that is to be sent now, if any.

    Of several steps that are due only the latest is sent, and none is sent after a later one was dealt with. A step
    somebody is at work on is left to them. `repeats` is how often a delivery that ended in silence may be sent again.
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
        return _exhaust(case, latest, now), None
    if latest is None or (case.delivery(latest.name).retry_at or now) > now:
        return case, None
    return case, latest


def judge(
    transaction: LiveTransaction | None,
    subscription: LiveSubscription | None,
    looks: int,
    between: SendBetween | None,
    now: datetime,
) -> Send | Skip | End | Later:
    """Decide from Paddle's live state whether a due step may be sent. Nothing else is the truth.

    `looks` is how often in a row the step was put off for not being in Paddle's answer: what isn't, or is there and
    can't be read, is no proof that the debt is gone. `between` are the campaign's hours, which wait for the morning.
    """
    if transaction is not None and isinstance(over := _judge_debt(transaction), End):
        # A subscription that ends takes its debts along: its end says more, as it does when events tell of both.
        ends = None if subscription is None else _judge_subscription(subscription)
        return ends if over.state is CaseState.STOPPED and isinstance(ends, End) else over
    if transaction is None or subscription is None:
        missing = Later(MISSING, FIRST_RETRY)
        return missing if looks < LOOKS_FOR_THE_MISSING else Skip(SkipReason.NOT_AT_PADDLE)
    return (
        _judge_debt(transaction)
        or _judge_subscription(subscription)
        or _judge_collection(transaction, subscription)
        or _judge_customer(transaction)
        or _judge_hours(transaction, between, now)
    )


def note_due(case: Case, campaign: Campaign, now: datetime) -> Case:
    """Return an ended case with every step that was due noted, and so skipped for the reason the case ended."""
    for step in campaign.steps:
        if step.name not in case.deliveries and _due_at(case, step) <= now:
            case = case.with_delivery(step.name, Delivery())
    return case


def next_due_at(case: Case, campaign: Campaign, repeats: int) -> datetime | None:
    """Return when the case is to be looked at next; None when it is over and nothing is on its way."""
    on_its_way = [d.held_until for d in case.deliveries.values() if d.state is DeliveryState.SENDING and d.held_until]
    if not case.is_open:
        return min(on_its_way, default=None)
    moments = [case.failed_at + OPEN_FOR]
    for step in campaign.steps:
        delivery = case.delivery(step.name)
        if not delivery.is_settled(repeats):
            moments.append(delivery.held_until or max(_due_at(case, step), delivery.retry_at or case.failed_at))
    return max(min(moments), case.not_before or case.failed_at)


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
    due = delivery.model_copy(update={"dated_at": delivery.dated_at or now, "retry_at": None})
    return case.with_delivery(chosen, due).model_copy(update={"not_before": None})


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
    reached = 0
    for position, step in enumerate(campaign.steps, start=1):
        delivery = case.delivery(step.name)
        if delivery.dated_at or delivery.is_settled(repeats) or _due_at(case, step) <= now:
            reached = position
    return campaign.steps[:reached]


def _is_settled_or_held(delivery: Delivery, repeats: int, now: datetime) -> bool:
    return delivery.is_settled(repeats) or delivery.is_held(now)


def _exhaust(case: Case, due: Step | None, now: datetime) -> Case:
    if due is not None:
        case = case.with_delivery(due.name, case.delivery(due.name).die("debt_lapsed"))
    return case.end(CaseState.EXHAUSTED, None, now)


def _judge_debt(transaction: LiveTransaction) -> End | Later | None:
    match transaction.status:
        case "paid" | "completed":
            return End(CaseState.RECOVERED, None)
        case "canceled":
            return End(CaseState.STOPPED, "debt_canceled")
        case "billed":
            return Later("transaction_billed", LOOK_AGAIN)
        case "past_due":
            return None if transaction.balance > 0 else End(CaseState.RECOVERED, "nothing_left_to_pay")
        case _:
            return End(CaseState.STOPPED, "no_debt")


def _judge_subscription(subscription: LiveSubscription) -> Skip | End | None:
    if subscription.status in {"canceled", "paused"}:
        return End(CaseState.STOPPED, f"subscription_{subscription.status}")
    # `active` is allowed: it is what Paddle shows for a moment in the middle of a failing renewal.
    if subscription.status not in {"past_due", "active"}:
        return Skip(SkipReason.SUBSCRIPTION_NOT_OWING)
    if subscription.scheduled_action == "cancel":
        return Skip(SkipReason.ENDING_BY_ITSELF)
    return None


def _judge_collection(transaction: LiveTransaction, subscription: LiveSubscription) -> Skip | None:
    if {transaction.collection_mode, subscription.collection_mode} == {"automatic"}:
        return None
    return Skip(SkipReason.COLLECTED_BY_INVOICE)


def _judge_customer(transaction: LiveTransaction) -> Skip | None:
    customer = transaction.customer
    if customer is None or not customer.email:
        return Skip(SkipReason.NO_ADDRESS)
    if customer.status != "active":
        return Skip(SkipReason.CUSTOMER_ARCHIVED)
    return None


def _judge_hours(transaction: LiveTransaction, between: SendBetween | None, now: datetime) -> Send | Later:
    if between is None:
        return Send()
    opening = next_opening(between, transaction.customer.country_code if transaction.customer else None, now)
    return Send() if opening <= now else Later("outside_hours", opening - now, counted=False)
