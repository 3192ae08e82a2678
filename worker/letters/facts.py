"""Gathering what one mail says: of the case that is mailed, and of the debts it names too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from dunning.brands.brand import Brand
from dunning.paddle.live import LiveAttempt, LiveCustomer, LiveTransaction
from dunning.rules.campaign import Campaign, Step
from dunning.rules.case import Case
from dunning.rules.declines import advice_key, reason_key
from dunning.rules.due_steps import mails_sent
from dunning.rules.time_zones import zone_of
from worker.letters.values import DebtFacts, MailFacts, Sum


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
    stop_links: Mapping[str, str],
    brand: Brand,
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
        stop_links: those that stop the reminders of these cases.
        brand: as whom the mail speaks.
        dated_at: the mail's `Date`.
    """
    own = NamedDebt(case, campaign, step, transaction, carries=True)
    return MailFacts(
        **_of_debt(own, customer, named, dated_at),
        **_links_of(case, links, stop_links),
        others=tuple(
            DebtFacts(**_of_debt(one, customer, named, dated_at), **_links_of(one.case, links, stop_links))
            for one in named
            if one.carries
        ),
        template=step.template,
        step=step.name,
        case_id=case.id,
        customer_name=customer.name,
        recipient=customer.email or "",
        locale=customer.locale,
        dated_at=dated_at,
        resends=case.delivery(step.name).resends,
        is_last=step.name == campaign.steps[-1].name,
        brand=brand,
    )


def _links_of(case: Case, links: Mapping[str, str], stop_links: Mapping[str, str]) -> dict[str, Any]:
    return {"link": links[case.id], "stop_link": stop_links[case.id]}


def _of_debt(one: NamedDebt, customer: LiveCustomer, named: Sequence[NamedDebt], dated_at: datetime) -> dict[str, Any]:
    """Return what the mail says of one subscription, by the names of `DebtFacts`, but for its links."""
    transaction, failure = one.transaction, _failure(one.case, one.transaction)
    return {
        "product_names": transaction.product_names,
        "amount": transaction.balance,
        "currency_code": transaction.currency_code,
        "method": failure.method,
        "card_brand": failure.card_brand,
        "card_last4": failure.card_last4,
        "reason": reason_key(failure.code, failure.method),
        "advice": advice_key(failure.code, failure.method),
        "ends_on": _ends_on(one.campaign, one.case, customer, dated_at),
        "billed_on": _billed_on(transaction),
        "period": (_day(transaction.period[0]), _day(transaction.period[1])) if transaction.period else None,
        "mails_sent": mails_sent(one.case, but=one.step.name if one.step else None),
        "further": tuple(
            Sum(more.transaction.balance, more.transaction.currency_code, _billed_on(more.transaction))
            for more in named
            if not more.carries and more.case.subscription_id == one.case.subscription_id
        ),
    }


def _billed_on(transaction: LiveTransaction) -> date | None:
    return _day(transaction.billed_at) if transaction.billed_at else None


def _day(at: datetime) -> date:
    """Return the day of what Paddle dates: in UTC, as its own times are."""
    return at.astimezone(UTC).date()


def _failure(case: Case, transaction: LiveTransaction) -> LiveAttempt:
    """Return the attempt whose reason, method and card are told: one and the same, lest one lends to another.

    Where Paddle's answer holds no failed attempt, it is the one that an event told of: its method is not known.
    """
    return transaction.failure or LiveAttempt(at=case.attempted_at, status="error", code=case.reason_code)


def _ends_on(campaign: Campaign, case: Case, customer: LiveCustomer, now: datetime) -> date | None:
    """Return the day on which Paddle gives up, unless it has passed: here, or where the customer is."""
    ends_at = campaign.ends_at(case.failed_at)
    if ends_at is None or ends_at <= now or ends_at.date() < now.astimezone(zone_of(customer.country_code)).date():
        return None
    return ends_at.date()
