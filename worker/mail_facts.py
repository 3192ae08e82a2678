"""Gathering what one mail says: of the case that is mailed, and of the debts it names too."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from dunning.campaign import Campaign, Step
from dunning.case import Case
from dunning.declines import advice_key, reason_key
from dunning.live import LiveCustomer, LiveTransaction
from worker.named_debts import NamedDebt
from worker.render import Debt, MailFacts, Sum


def with_links(case: Case, named: Sequence[NamedDebt]) -> list[Case]:
    """Return the cases that get a link, one for each subscription, the mailed one first."""
    return [case, *(one.case for one in named if one.step is not None)]


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
        card_last4=transaction.card_last4,
        reason=reason_key(case.reason_code),
        advice=advice_key(case.reason_code),
        link=links[case.id],
        ends_on=_ends_on(campaign, case),
        further=_further(case, named),
        others=tuple(
            Debt(
                product_names=one.transaction.product_names,
                amount=one.transaction.balance,
                currency_code=one.transaction.currency_code,
                card_last4=one.transaction.card_last4,
                reason=reason_key(one.case.reason_code),
                advice=advice_key(one.case.reason_code),
                link=links[one.case.id],
                ends_on=_ends_on(one.campaign, one.case),
                further=_further(one.case, named),
            )
            for one in named
            if one.step is not None
        ),
        dated_at=dated_at,
    )


def _further(case: Case, named: Sequence[NamedDebt]) -> tuple[Sum, ...]:
    """Return what else is owed for the case's subscription: no step of its own, so no link of its own."""
    return tuple(
        Sum(one.transaction.balance, one.transaction.currency_code)
        for one in named
        if one.step is None and one.case.subscription_id == case.subscription_id
    )


def _ends_on(campaign: Campaign, case: Case) -> date | None:
    ends_at = campaign.ends_at(case.failed_at)
    return ends_at.date() if ends_at else None
