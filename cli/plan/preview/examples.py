"""The facts of the mail that was chosen. People and products are made up, and always the same."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cli.plan.preview.choice import Choice
from dunning.rules.campaign import Campaign, Step
from dunning.rules.declines import advice_key, decline_class, reason_key
from worker.letters.values import DebtFacts, MailFacts, Sum

CASE_ID = "txn_01hv8x5b1s2a3b4c5d6e7f8g9h"
# As long as a real link's, and no link's.
TOKEN = f"{CASE_ID.upper()}.1777000000.{'PREVIEW-' * 6}LINK"
FAILED_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
_CARDS = frozenset({"card", "apple_pay", "google_pay", "samsung_pay"})
_LATER = timedelta(days=3)
_USUALLY_ENDS_AFTER = timedelta(days=30)


def facts_of(
    choice: Choice, campaigns: Iterable[Campaign], *, public_url: str, case_id: str = CASE_ID, recipient: str = ""
) -> MailFacts:
    """Make up what the mail says.

    Args:
        choice: which mail.
        campaigns: say when the mail goes out, how many went before, and whether they name a last day.
        public_url: what the links begin with; they lead nowhere.
        case_id: makes the mail's Message-ID, by which mail programs know a mail that they have.
        recipient: whom the mail is to; somebody made up, if nobody is named.
    """
    step, campaign, number = _planned(choice.template, campaigns)
    code = None if choice.decline == "none" else choice.decline
    after = step.after[decline_class(code)] if step else _LATER
    debt = _debt(choice, code, public_url)
    facts = MailFacts(
        **debt,
        template=choice.template,
        step=step.name if step else choice.template,
        case_id=case_id,
        customer_name={"usual": "Ada Example", "long": "Maximiliane Wolkenstein-Trostburg"}.get(choice.data),
        recipient=recipient or "ada@customer.example",
        locale=choice.language,
        dated_at=FAILED_AT + after,
        mails_sent=_mails_sent(choice, number),
        is_last=step is None or campaign is None or step is campaign.steps[-1],
        ends_on=_ends_on(choice, campaign),
    )
    if choice.debts == "one":
        return facts
    second = date(2026, 3, 4) if choice.data != "little" else None
    if choice.debts == "bills":
        return replace(facts, further=(Sum(facts.amount, facts.currency_code, second),))
    other = DebtFacts(
        **{
            **debt,
            "product_names": () if choice.data == "little" else ("Lantern Support",),
            "amount": 900,
            "currency_code": "USD" if choice.debts == "currencies" else facts.currency_code,
            "billed_on": second,
            "link": debt["link"].replace("8G9H", "0J1K"),
            "stop_link": debt["stop_link"].replace("8G9H", "0J1K"),
        },
        mails_sent=facts.mails_sent,
        ends_on=facts.ends_on,
    )
    return replace(facts, others=(other,))


def _debt(choice: Choice, code: str | None, public_url: str) -> dict[str, Any]:
    """Return what is said of one subscription, by the names of `DebtFacts`."""
    method = None if choice.method == "none" else choice.method
    has_card, tells_all = method in _CARDS, choice.data != "little"
    long_name = "Lantern Professional Suite for Distributed Engineering Teams, yearly, with priority support"
    return {
        "product_names": {"usual": ("Lantern Pro",), "long": (long_name,)}.get(choice.data, ()),
        "amount": 12990000 if choice.data == "long" else 2900,
        "currency_code": "EUR",
        "method": method,
        "card_brand": "visa" if has_card and tells_all else None,
        "card_last4": "4242" if has_card and tells_all else None,
        "reason": reason_key(code, method),
        "advice": advice_key(code, method),
        "link": f"{public_url}/pay/{TOKEN}",
        "stop_link": f"{public_url}/pay/stop/{TOKEN}",
        "billed_on": FAILED_AT.date() if tells_all else None,
        "period": (FAILED_AT.date(), date(2026, 4, 2)) if tells_all else None,
    }


def _planned(template: str, campaigns: Iterable[Campaign]) -> tuple[Step | None, Campaign | None, int]:
    """Return the step that sends this mail, of which campaign it is, and how many steps are before it."""
    for campaign in campaigns:
        for number, step in enumerate(campaign.steps):
            if step.template == template:
                return step, campaign, number
    return None, None, 0 if template == "payment_failed" else 1


def _mails_sent(choice: Choice, planned: int) -> int:
    match choice.contact:
        case "first":
            return 0
        case "later":
            return max(planned, 1)
        case _:
            return planned


def _ends_on(choice: Choice, campaign: Campaign | None) -> date | None:
    if choice.end == "certain":
        planned = campaign.ends_at(FAILED_AT) if campaign else None
        return (planned or FAILED_AT + _USUALLY_ENDS_AFTER).date()
    planned = campaign.ends_at(FAILED_AT) if campaign and choice.end == "planned" else None
    return planned.date() if planned else None
