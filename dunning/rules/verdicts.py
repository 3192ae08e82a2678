"""Whether a step that is due may be sent: decided from what Paddle says now. Pure, with `now` as an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dunning.paddle.live import LiveSubscription, LiveTransaction
from dunning.reasons import EndReason, SkipReason, WaitReason
from dunning.rules.campaign import SendBetween
from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import FIRST_RETRY
from dunning.rules.sending_hours import next_opening

# Paddle moves a declined renewal from `billed` to `past_due` within seconds; a mail in between would be premature.
LOOK_AGAIN = timedelta(seconds=10)
# Some four minutes of asking: long enough for a passing fault, and no reason to ask for ever.
LOOKS_FOR_THE_MISSING = 8
# A payment on its way may take days, and Paddle tells when it fails: this is for when that word gets lost.
ASK_ABOUT_PAYMENT_EVERY = timedelta(hours=1)
# Whatever is not money after three days most likely never will be.
PAYMENT_TAKES_AT_MOST = timedelta(days=3)


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
    reason: EndReason | None


@dataclass(frozen=True, slots=True)
class Later:
    """It is to be looked at again. `counted`: as a try in vain, after which the next one waits longer."""

    reason: WaitReason
    after: timedelta
    counted: bool = True


def judge(
    case: Case,
    transaction: LiveTransaction | None,
    subscription: LiveSubscription | None,
    between: SendBetween | None,
    now: datetime,
    *,
    looks: int = 0,
) -> Send | Skip | End | Later:
    """Decide from Paddle's live state whether a due step of the case may be sent. Nothing else is the truth.

    `looks` is how often in a row the step was put off for not being in Paddle's answer: what isn't, or is there and
    can't be read, is no proof that the debt is gone. `between` are the campaign's hours, which wait for the morning.
    """
    of_debt = None if transaction is None else _judge_debt(transaction)
    of_subscription = None if subscription is None else _judge_subscription(subscription)
    if isinstance(of_debt, End):
        # A subscription that ends takes its debts along: its end says more, as it does when events tell of both.
        says_more = of_debt.state is CaseState.STOPPED and isinstance(of_subscription, End)
        return of_subscription if says_more and of_subscription is not None else of_debt
    if transaction is None or subscription is None:
        missing = Later(WaitReason.NOT_IN_ANSWER, FIRST_RETRY)
        return missing if looks < LOOKS_FOR_THE_MISSING else Skip(SkipReason.NOT_AT_PADDLE)
    if isinstance(of_subscription, End):
        return of_subscription
    return (
        _judge_payment(case, transaction, now)
        or of_debt
        or of_subscription
        or _judge_collection(transaction, subscription)
        or _judge_customer(case, transaction, subscription)
        or _judge_hours(transaction, between, now)
    )


def _judge_debt(transaction: LiveTransaction) -> End | Later | None:
    match transaction.status:
        case "paid" | "completed":
            return End(CaseState.RECOVERED, None)
        case "canceled":
            return End(CaseState.STOPPED, EndReason.DEBT_CANCELED)
        case "billed":
            return Later(WaitReason.TRANSACTION_BILLED, LOOK_AGAIN)
        case "past_due":
            return None if transaction.balance > 0 else End(CaseState.RECOVERED, EndReason.NOTHING_LEFT_TO_PAY)
        case _:
            return End(CaseState.STOPPED, EndReason.NO_DEBT)


def _judge_payment(case: Case, transaction: LiveTransaction, now: datetime) -> Later | None:
    """Wait while the newest attempt may still become money: until then nobody is told that they have not paid."""
    newest = transaction.newest_attempt
    if newest is None or not newest.is_under_way or now >= (newest.at or case.failed_at) + PAYMENT_TAKES_AT_MOST:
        return None
    return Later(WaitReason.PAYMENT_ON_ITS_WAY, ASK_ABOUT_PAYMENT_EVERY, counted=False)


def _judge_subscription(subscription: LiveSubscription) -> Skip | End | None:
    if subscription.status == "canceled":
        return End(CaseState.STOPPED, EndReason.SUBSCRIPTION_CANCELED)
    if subscription.status == "paused":
        return End(CaseState.STOPPED, EndReason.SUBSCRIPTION_PAUSED)
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


def _judge_customer(case: Case, transaction: LiveTransaction, subscription: LiveSubscription) -> Skip | None:
    customer = transaction.customer
    if customer is not None and {customer.id, subscription.customer_id} != {case.customer_id}:
        return Skip(SkipReason.OTHER_CUSTOMER)
    if customer is None or not customer.email:
        return Skip(SkipReason.NO_ADDRESS)
    if customer.status != "active":
        return Skip(SkipReason.CUSTOMER_ARCHIVED)
    return None


def _judge_hours(transaction: LiveTransaction, between: SendBetween | None, now: datetime) -> Send | Later:
    if between is None:
        return Send()
    opening = next_opening(between, transaction.customer.country_code if transaction.customer else None, now)
    return Send() if opening <= now else Later(WaitReason.OUTSIDE_HOURS, opening - now, counted=False)
