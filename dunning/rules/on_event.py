"""What an event does to a case. Pure: the event, the case as it is, and now; no clock, no I/O.

Webhooks come late, twice and in any order. Paid is final whatever its time; of what else ends a case the strongest
gives the reason, whichever came first; everything else compares when it happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dunning.errors import PermanentError
from dunning.instants import to_milliseconds
from dunning.paddle.events import (
    AdjustmentFacts,
    CollectionAttempt,
    Event,
    EventType,
    SubscriptionFacts,
    TransactionFacts,
)
from dunning.reasons import EndReason, NoChange
from dunning.rules.campaign import Campaign, choose
from dunning.rules.campaign_version import version
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.declines import decline_class
from dunning.rules.hold_out import Draw, draw
from dunning.rules.triggers import triggered_by

PAYMENTS = frozenset({EventType.TRANSACTION_PAID, EventType.TRANSACTION_COMPLETED})

# Why a case is stopped, by what is told of Paddle: each outranks those before it. One end is often told in several
# events, whose order is chance, and the strongest says most. What an operator stopped is not among them: it stays so.
STOPS: tuple[str, ...] = (
    EndReason.OPTED_OUT,
    EndReason.NO_DEBT,
    EndReason.DEBT_CANCELED,
    EndReason.SUBSCRIPTION_PAUSED,
    EndReason.SUBSCRIPTION_CANCELED,
    EndReason.CHARGED_BACK,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a case: `case` is its new value, or None to leave things as they are; `why` says so in a word."""

    case: Case | None
    why: str


def on_transaction(
    event: Event,
    facts: TransactionFacts,
    case: Case | None,
    campaigns: Sequence[Campaign],
    now: datetime,
    *,
    hold_out: Draw | None = None,
) -> Verdict:
    """Apply an event of a transaction to that transaction's case. A new case gets the first campaign that is for it.

    Args:
        event: the event.
        facts: what it tells of the transaction.
        case: the transaction's case, if there is one.
        campaigns: the campaign file's.
        now: the time.
        hold_out: what decides whether a new case is held out; None where no case is opened, or only for show.

    Raises:
        PermanentError: when a declined renewal does not say when it failed.
    """
    if event.type in PAYMENTS:
        return _on_paid(case, now)
    if event.type is EventType.TRANSACTION_CANCELED:
        return _stop(case, EndReason.DEBT_CANCELED, now)
    if case is None:
        return _open(event, facts, campaigns, now, hold_out)
    return _on_another_failure(facts, case)


def on_subscription(event: Event, facts: SubscriptionFacts, case: Case, now: datetime) -> Verdict:
    """Apply the end or the pause of a subscription to one of its cases."""
    if event.occurred_at < case.failed_at:
        return Verdict(None, NoChange.OLDER_THAN_THE_FAILURE)
    return _stop(case, f"subscription_{facts.status}", now)


def on_adjustment(event: Event, facts: AdjustmentFacts, case: Case, now: datetime) -> Verdict:
    """Apply a charge-back on a subscription to one of its cases: whoever is in dispute with us gets no reminders."""
    if not facts.is_charge_back or facts.subscription_id != case.subscription_id:
        return Verdict(None, "no_charge_back")
    if event.occurred_at < case.failed_at:
        return Verdict(None, NoChange.OLDER_THAN_THE_FAILURE)
    return _stop(case, EndReason.CHARGED_BACK, now)


def first_failed_at(facts: TransactionFacts) -> datetime | None:
    """Return when a transaction first failed: its oldest failed attempt, else its bill; None where it has neither."""
    failures = _failures(facts)
    return failures[-1].at if failures else facts.billed_at


def _on_paid(case: Case | None, now: datetime) -> Verdict:
    if case is None:
        return Verdict(None, "no_case")
    if case.state is CaseState.RECOVERED:
        return Verdict(None, "already_recovered")
    return Verdict(case.end(CaseState.RECOVERED, None, now), "recovered")


def _stop(case: Case | None, reason: str, now: datetime) -> Verdict:
    if case is None:
        return Verdict(None, "no_case")
    if not case.is_open and not _outranks(reason, case):
        return Verdict(None, f"already_{case.state}")
    return Verdict(case.end(CaseState.STOPPED, reason, now), f"stopped: {reason}")


def _outranks(reason: str, ended: Case) -> bool:
    if ended.state is not CaseState.STOPPED or ended.reason not in STOPS:
        return False
    return reason in STOPS[STOPS.index(ended.reason) + 1 :]


def _open(
    event: Event, facts: TransactionFacts, campaigns: Sequence[Campaign], now: datetime, hold_out: Draw | None
) -> Verdict:
    trigger, why = triggered_by(facts)
    if trigger is None or facts.subscription_id is None or facts.customer_id is None:
        return Verdict(None, why)
    failures, failed_at = _failures(facts), first_failed_at(facts)
    if failed_at is None:
        raise PermanentError(f"{event.type} {event.id}: the transaction has neither a failed attempt nor billed_at")
    if now - failed_at >= OPEN_FOR:
        return Verdict(None, "too_old")
    campaign = choose(
        campaigns,
        trigger,
        product_ids=facts.product_ids,
        price_ids=facts.price_ids,
        currency_code=facts.currency_code,
    )
    if campaign is None:
        return Verdict(None, "no_campaign")
    code = failures[0].code if failures else None
    case = Case(
        id=facts.id,
        subscription_id=facts.subscription_id,
        customer_id=facts.customer_id,
        campaign=campaign.name,
        version=version(campaign),
        decline_class=decline_class(code),
        reason_code=code,
        failed_at=failed_at,
        attempted_at=failures[0].at if failures else failed_at,
        not_before=event.not_before,
    )
    return Verdict(case if hold_out is None else draw(case, campaign, hold_out), f"opened: {case.decline_class}")


def _on_another_failure(facts: TransactionFacts, case: Case) -> Verdict:
    if not case.is_open:
        return Verdict(None, f"already_{case.state}")
    failures = _failures(facts)
    if not failures or to_milliseconds(failures[0].at) <= to_milliseconds(case.attempted_at):
        return Verdict(None, "nothing_new")
    code = failures[0].code
    changed = case.look_at_once().but(decline_class=decline_class(code), reason_code=code, attempted_at=failures[0].at)
    return Verdict(changed, f"failed_again: {changed.decline_class}")


def _failures(facts: TransactionFacts) -> list[CollectionAttempt]:
    """Return the failed attempts, newest first; Paddle's order is not relied on."""
    return sorted((attempt for attempt in facts.attempts if attempt.failed), key=lambda a: a.at, reverse=True)
