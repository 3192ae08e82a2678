"""Gathering what one mail says: of the case that is mailed, and of the debts it names too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dunning.paddle.live import LiveAttempt, LiveCustomer, LiveTransaction
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case
from dunning.rules.declines import advice_key, reason_key
from dunning.rules.time_zones import zone_of
from worker.letters.render import DebtFacts, MailFacts, Sum


@dataclass(frozen=True, slots=True)
class NamedDebt:
    """A debt that the mail of another case names too. `step` is what the mail covers of it, as soon as it is out.

    `carries`: it carries the steps of another subscription, and so has a button of its own.
    """

    case: Case
    campaign: Campaign
    step: Step | None
    transaction: LiveTransaction
    carries: bool = False


def with_links(case: Case, named: Sequence[NamedDebt]) -> list[Case]:
    """Return the cases that get a link, one for each subscription, the mailed one first."""
    return [case, *(one.case for one in named if one.carries)]


def gather_facts(
    case: Case,
    campaign: Campaign,
    step: Step,
    *,
    transaction: LiveTransaction,
    customer: LiveCustomer,
    named: Sequence[NamedDebt],
    links: Mapping[str, str],
    dated_at: datetime,
) -> MailFacts:
    """Put together what the mail says.

    Args:
        case: the case that is mailed.
        campaign: the campaign it began with.
        step: the step that is due.
        transaction: the debt, as Paddle just told it.
        customer: whom to write to; has an address.
        named: what the mail names too.
        links: those of the cases `with_links`, by their ids.
        dated_at: the mail's `Date`.
    """
    failure = _failure(case, transaction)
    return MailFacts(
        template=step.template,
        step=step.name,
        case_id=case.id,
        customer_name=customer.name,
        recipient=customer.email or "",
        locale=customer.locale,
        product_names=transaction.product_names,
        amount=transaction.balance,
        currency_code=transaction.currency_code,
        card_last4=failure.card_last4,
        reason=reason_key(failure.code, failure.method),
        advice=advice_key(failure.code, failure.method),
        link=links[case.id],
        ends_on=_ends_on(campaign, case, customer, dated_at),
        further=_further(case, named),
        others=tuple(_other(one, named, customer, links, dated_at) for one in named if one.carries),
        dated_at=dated_at,
    )


def _other(
    one: NamedDebt,
    named: Sequence[NamedDebt],
    customer: LiveCustomer,
    links: Mapping[str, str],
    dated_at: datetime,
) -> DebtFacts:
    """Put together what the mail says of another subscription."""
    failure = _failure(one.case, one.transaction)
    return DebtFacts(
        product_names=one.transaction.product_names,
        amount=one.transaction.balance,
        currency_code=one.transaction.currency_code,
        card_last4=failure.card_last4,
        reason=reason_key(failure.code, failure.method),
        advice=advice_key(failure.code, failure.method),
        link=links[one.case.id],
        ends_on=_ends_on(one.campaign, one.case, customer, dated_at),
        further=_further(one.case, named),
    )


def _failure(case: Case, transaction: LiveTransaction) -> LiveAttempt:
    """Return the attempt whose reason, method and card are told: one and the same, lest one lends to another.

    Where Paddle's answer holds no failed attempt, it is the one that an event told of: its method is not known.
    """
    return transaction.failure or LiveAttempt(at=case.attempted_at, status="error", code=case.reason_code)


def _further(case: Case, named: Sequence[NamedDebt]) -> tuple[Sum, ...]:
    """Return what else is owed for the case's subscription: no step of its own, so no link of its own."""
    return tuple(
        Sum(one.transaction.balance, one.transaction.currency_code)
        for one in named
        if not one.carries and one.case.subscription_id == case.subscription_id
    )


def _ends_on(campaign: Campaign, case: Case, customer: LiveCustomer, now: datetime) -> date | None:
    """Return the day on which Paddle gives up, unless it has passed: here, or where the customer is."""
    ends_at = campaign.ends_at(case.failed_at)
    if ends_at is None or ends_at <= now or ends_at.date() < now.astimezone(zone_of(customer.country_code)).date():
        return None
    return ends_at.date()
