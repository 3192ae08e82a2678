"""What a mail is told: card, method and reason of one attempt, and no date that has passed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dunning.brands.brand import Brand
from dunning.paddle.live import LiveAttempt, LiveTransaction
from dunning.rules.campaign import FinalAction, GivesUp, Step
from dunning.rules.declines import Advice, Reason
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.due_steps import cover
from tests.unit.case_builders import (
    CAMPAIGN,
    DAY,
    FAILED_AT,
    FIRST,
    HOUR,
    ME,
    REMINDER,
    SECOND,
    TRANSACTION,
    a_case,
    a_customer,
    a_live_attempt,
    a_live_transaction,
    held,
    planned,
    sending,
    sent,
    unknown,
)
from worker.letters.facts import NamedDebt, gather_facts
from worker.letters.values import MailFacts

ACME = Brand(name="Acme")
ENDING = replace(CAMPAIGN, gives_up=GivesUp(30 * DAY, FinalAction.CANCEL))
ENDS_AT = FAILED_AT + 30 * DAY  # 3 June 2026, noon
PAYPAL = a_live_attempt(at=FAILED_AT + DAY, code="declined", method="paypal", card_last4=None)
CONFIRMING = a_live_attempt(at=FAILED_AT + DAY, status="action_required", code=None, card_last4="1881")
EXPIRED = a_live_attempt()


def facts(
    transaction: LiveTransaction,
    *named: NamedDebt,
    at: datetime = FAILED_AT,
    country: str | None = "NO",
    step: Step = FIRST,
) -> MailFacts:
    case = a_case(reason_code="not_enough_balance")
    return gather_facts(
        case,
        ENDING,
        step,
        transaction=transaction,
        customer=a_customer(country_code=country),
        named=named,
        links={TRANSACTION: "https://billing.example/pay/a", "txn_other": "https://billing.example/pay/b"},
        stop_links={
            TRANSACTION: "https://billing.example/pay/stop/a",
            "txn_other": "https://billing.example/pay/stop/b",
        },
        brand=ACME,
        dated_at=at,
    )


def attempts(*attempts: LiveAttempt) -> LiveTransaction:
    return a_live_transaction(attempts=attempts)


@pytest.mark.parametrize(
    ("transaction", "told"),
    [
        (attempts(EXPIRED), ("4242", Reason.EXPIRED_CARD, Advice.USE_NEW_CARD)),
        (attempts(PAYPAL, EXPIRED), (None, Reason.GENERIC, Advice.GENERIC)),
        (attempts(CONFIRMING, EXPIRED), ("4242", Reason.EXPIRED_CARD, Advice.USE_NEW_CARD)),
        (
            attempts(replace(PAYPAL, code="expired_card"), EXPIRED),
            (None, Reason.UNUSABLE_METHOD, Advice.CHANGE_METHOD),
        ),
        (attempts(CONFIRMING), (None, Reason.NOT_ENOUGH_BALANCE, Advice.TOP_UP)),
        (attempts(), (None, Reason.NOT_ENOUGH_BALANCE, Advice.TOP_UP)),
    ],
    ids=["card", "paypal after a card", "another card not confirmed", "paypal is no card", "nothing failed", "none"],
)
def test_card_and_reason_are_those_of_the_newest_attempt_that_failed(
    transaction: LiveTransaction, told: tuple[str | None, Reason, Advice]
) -> None:
    made = facts(transaction)

    assert (made.card_last4, made.reason, made.advice) == told


def test_so_they_are_for_another_subscription_in_the_same_mail() -> None:
    other = a_case(id="txn_other", subscription_id="sub_other", reason_code="expired_card")
    owed = a_live_transaction(id="txn_other", attempts=(PAYPAL, EXPIRED))

    (debt,) = facts(attempts(EXPIRED), NamedDebt(other, CAMPAIGN, FIRST, owed, carries=True)).others

    assert (debt.card_last4, debt.reason, debt.ends_on) == (None, Reason.GENERIC, None)


def test_a_newer_debt_of_the_subscription_is_an_amount_of_it_also_where_the_mail_covers_its_step() -> None:
    newer = NamedDebt(a_case(id="txn_newer"), CAMPAIGN, FIRST, a_live_transaction(id="txn_newer", balance=900))

    made = facts(attempts(EXPIRED), newer)

    assert made.others == ()
    assert [one.amount for one in made.further] == [900]


@pytest.mark.parametrize(
    ("at", "country", "named"),
    [
        (ENDS_AT - SECOND, "NO", date(2026, 6, 3)),
        (ENDS_AT, "NO", None),
        (ENDS_AT + 5 * DAY, "NO", None),
        (ENDS_AT - SECOND, None, date(2026, 6, 3)),
        (ENDS_AT - SECOND, "TO", None),  # where it is the fourth of June
    ],
)
def test_a_day_that_has_passed_is_not_named(at: datetime, country: str | None, named: date | None) -> None:
    assert facts(attempts(EXPIRED), at=at, country=country).ends_on == named


def test_the_mail_is_dated_when_it_is_sent() -> None:
    sent_at = datetime(2026, 5, 6, 9, tzinfo=UTC) + timedelta(hours=1)

    assert facts(attempts(EXPIRED), at=sent_at).dated_at == sent_at == FAILED_AT + 46 * HOUR


def test_a_bill_is_told_by_its_day_and_by_what_it_is_for() -> None:
    begins = datetime(2026, 5, 4, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    owed = a_live_transaction(attempts=(EXPIRED,), billed_at=begins, period=(begins, begins + 31 * DAY))

    made = facts(owed, NamedDebt(a_case(id="txn_newer"), CAMPAIGN, FIRST, owed))

    assert (made.billed_on, made.period) == (date(2026, 5, 5), (date(2026, 5, 5), date(2026, 6, 5)))
    assert [one.billed_on for one in made.further] == [date(2026, 5, 5)]


def test_method_and_brand_are_those_of_the_attempt_that_failed() -> None:
    paid_with = replace(EXPIRED, card_brand="visa")

    of_card, of_paypal = facts(attempts(paid_with)), facts(attempts(PAYPAL, paid_with))

    assert (of_card.method, of_card.card_brand, of_card.card_last4) == ("card", "visa", "4242")
    assert (of_paypal.method, of_paypal.card_brand, of_paypal.card_last4) == ("paypal", None, None)


@pytest.mark.parametrize(
    ("before", "count"),
    [
        ({}, 0),
        ({"first": sending()}, 0),  # this mail
        ({"first": unknown(), "reminder": planned()}, 0),
        ({"reminder": sent(), "final": unknown()}, 2),
        ({"reminder": cover(a_case(), REMINDER, FAILED_AT).delivery("reminder")}, 1),
        ({"reminder": planned().skip("overtaken"), "final": held().settle(ME, DeliveryState.REFUSED, "smtp_550")}, 0),
    ],
)
def test_a_mail_knows_how_many_went_before_it(before: dict[str, Delivery], count: int) -> None:
    case = a_case(deliveries=before)
    customer = a_customer()

    made = gather_facts(
        case,
        CAMPAIGN,
        FIRST,
        transaction=attempts(EXPIRED),
        customer=customer,
        named=(),
        links={TRANSACTION: "https://billing.example/pay/a"},
        stop_links={TRANSACTION: "https://billing.example/pay/stop/a"},
        brand=ACME,
        dated_at=FAILED_AT,
    )

    assert made.brand is ACME
    assert made.mails_sent == count


@pytest.mark.parametrize("step", CAMPAIGN.steps, ids=lambda step: step.name)
def test_a_mail_knows_whether_the_campaign_has_one_after_it(step: Step) -> None:
    assert facts(attempts(EXPIRED), step=step).is_last is (step is CAMPAIGN.steps[-1])
