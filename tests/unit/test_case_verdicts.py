"""What `judge` makes of Paddle's live state."""

from datetime import UTC, datetime, time, timedelta

import pytest

from dunning.paddle.live import LiveAttempt, LiveSubscription, LiveTransaction
from dunning.reasons import EndReason, SkipReason, WaitReason
from dunning.rules.campaign import SendBetween
from dunning.rules.case import CaseState
from dunning.rules.delivery import FIRST_RETRY
from dunning.rules.verdicts import LOOKS_FOR_THE_MISSING, End, Later, Send, Skip, judge
from tests.unit.case_builders import (
    CUSTOMER,
    DAY,
    FAILED_AT,
    HOUR,
    SECOND,
    a_case,
    a_customer,
    a_live_attempt,
    a_live_subscription,
    a_live_transaction,
)

OWED = a_live_transaction()
PAST_DUE = a_live_subscription()
CASE = a_case()


def test_a_debt_that_is_owed_by_an_active_customer_is_written_about() -> None:
    assert judge(CASE, OWED, PAST_DUE, None, FAILED_AT) == Send()


def test_the_smallest_debt_is_a_debt() -> None:
    assert judge(CASE, a_live_transaction(balance=1), PAST_DUE, None, FAILED_AT) == Send()


def test_a_subscription_that_is_active_in_the_middle_of_a_failing_renewal_is_written_about() -> None:
    assert judge(CASE, OWED, a_live_subscription(status="active"), None, FAILED_AT) == Send()


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"status": "paid"}, End(CaseState.RECOVERED, None)),
        ({"status": "completed"}, End(CaseState.RECOVERED, None)),
        ({"balance": 0}, End(CaseState.RECOVERED, EndReason.NOTHING_LEFT_TO_PAY)),
        ({"balance": -1}, End(CaseState.RECOVERED, EndReason.NOTHING_LEFT_TO_PAY)),
        ({"status": "canceled"}, End(CaseState.STOPPED, EndReason.DEBT_CANCELED)),
        ({"status": "draft"}, End(CaseState.STOPPED, EndReason.NO_DEBT)),
        ({"status": "ready"}, End(CaseState.STOPPED, EndReason.NO_DEBT)),
        ({"status": "billed"}, Later(WaitReason.TRANSACTION_BILLED, 10 * SECOND)),
        ({"collection_mode": "manual"}, Skip(SkipReason.COLLECTED_BY_INVOICE)),
        ({"customer": None}, Skip(SkipReason.NO_ADDRESS)),
        ({"customer": a_customer(email=None)}, Skip(SkipReason.NO_ADDRESS)),
        ({"customer": a_customer(email="")}, Skip(SkipReason.NO_ADDRESS)),
        ({"customer": a_customer(status="archived")}, Skip(SkipReason.CUSTOMER_ARCHIVED)),
    ],
)
def test_what_the_transaction_says(changes: dict[str, object], verdict: object) -> None:
    assert judge(CASE, a_live_transaction(**changes), PAST_DUE, None, FAILED_AT) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"status": "canceled"}, End(CaseState.STOPPED, EndReason.SUBSCRIPTION_CANCELED)),
        ({"status": "paused"}, End(CaseState.STOPPED, EndReason.SUBSCRIPTION_PAUSED)),
        ({"status": "trialing"}, Skip(SkipReason.SUBSCRIPTION_NOT_OWING)),
        ({"status": "inactive"}, Skip(SkipReason.SUBSCRIPTION_NOT_OWING)),
        ({"scheduled_action": "cancel"}, Skip(SkipReason.ENDING_BY_ITSELF)),
        ({"scheduled_action": "pause"}, Send()),
        ({"collection_mode": "manual"}, Skip(SkipReason.COLLECTED_BY_INVOICE)),
    ],
)
def test_what_the_subscription_says(changes: dict[str, object], verdict: object) -> None:
    assert judge(CASE, OWED, a_live_subscription(**changes), None, FAILED_AT) == verdict


@pytest.mark.parametrize("status", ["paid", "completed"])
def test_paid_comes_before_all_that_the_subscription_says(status: str) -> None:
    canceled = a_live_subscription(status="canceled", scheduled_action="cancel", collection_mode="manual")

    assert judge(CASE, a_live_transaction(status=status), canceled, None, FAILED_AT) == End(CaseState.RECOVERED, None)


@pytest.mark.parametrize("debt", ["canceled", "draft"])
@pytest.mark.parametrize("status", ["canceled", "paused"])
def test_of_a_debt_and_a_subscription_that_are_both_gone_the_subscription_says_why(debt: str, status: str) -> None:
    verdict = judge(CASE, a_live_transaction(status=debt), a_live_subscription(status=status), None, FAILED_AT)

    assert verdict == End(CaseState.STOPPED, EndReason(f"subscription_{status}"))


@pytest.mark.parametrize("subscription", [None, a_live_subscription(status="trialing")])
def test_a_subscription_that_is_not_known_to_be_gone_says_nothing_about_a_canceled_debt(
    subscription: LiveSubscription | None,
) -> None:
    verdict = judge(CASE, a_live_transaction(status="canceled"), subscription, None, FAILED_AT)

    assert verdict == End(CaseState.STOPPED, EndReason.DEBT_CANCELED)


@pytest.mark.parametrize(("transaction", "subscription"), [(None, PAST_DUE), (OWED, None), (None, None)])
def test_what_is_missing_in_an_answer_is_looked_for_before_the_step_is_skipped(
    transaction: LiveTransaction | None, subscription: LiveSubscription | None
) -> None:
    assert judge(CASE, transaction, subscription, None, FAILED_AT, looks=LOOKS_FOR_THE_MISSING - 1) == Later(
        WaitReason.NOT_IN_ANSWER, FIRST_RETRY
    )
    assert judge(CASE, transaction, subscription, None, FAILED_AT, looks=LOOKS_FOR_THE_MISSING) == Skip(
        SkipReason.NOT_AT_PADDLE
    )


HOURS = SendBetween(time(8), time(18))


def test_outside_the_campaigns_hours_a_mail_waits_for_the_morning_and_it_is_no_try_in_vain() -> None:
    night = datetime(2026, 5, 4, 22, tzinfo=UTC)  # midnight in Norway

    assert judge(CASE, OWED, PAST_DUE, HOURS, night) == Later(
        WaitReason.OUTSIDE_HOURS, timedelta(hours=8), counted=False
    )


def test_within_the_campaigns_hours_a_mail_goes() -> None:
    assert judge(CASE, OWED, PAST_DUE, HOURS, datetime(2026, 5, 4, 6, tzinfo=UTC)) == Send()


def test_what_ends_a_case_does_not_wait_for_the_morning() -> None:
    paid = a_live_transaction(status="paid")

    assert judge(CASE, paid, PAST_DUE, HOURS, datetime(2026, 5, 4, 22, tzinfo=UTC)) == End(CaseState.RECOVERED, None)


UNDER_WAY = ["authorized", "authorized_flagged", "captured", "created", "pending_no_action_required"]
LATER = Later(WaitReason.PAYMENT_ON_ITS_WAY, HOUR, counted=False)


def owed_after(*attempts: LiveAttempt, status: str = "past_due") -> LiveTransaction:
    return a_live_transaction(status=status, attempts=attempts)


@pytest.mark.parametrize("debt", ["past_due", "billed"])
@pytest.mark.parametrize("status", UNDER_WAY)
def test_while_the_newest_attempt_may_become_money_nobody_is_told_that_they_have_not_paid(
    status: str, debt: str
) -> None:
    transaction = owed_after(a_live_attempt(at=FAILED_AT + HOUR, status=status), a_live_attempt(), status=debt)

    assert judge(CASE, transaction, PAST_DUE, None, FAILED_AT + HOUR) == LATER
    assert judge(CASE, transaction, PAST_DUE, None, FAILED_AT + HOUR + 3 * DAY - SECOND) == LATER


def test_after_three_days_it_is_written_about_after_all() -> None:
    transaction = owed_after(a_live_attempt(at=FAILED_AT + HOUR, status="authorized"), a_live_attempt())

    assert judge(CASE, transaction, PAST_DUE, None, FAILED_AT + HOUR + 3 * DAY) == Send()


def test_an_attempt_that_does_not_say_when_it_was_made_counts_from_the_failure() -> None:
    transaction = owed_after(a_live_attempt(at=None, status="created"))

    assert judge(CASE, transaction, PAST_DUE, None, FAILED_AT + 3 * DAY - SECOND) == LATER
    assert judge(CASE, transaction, PAST_DUE, None, FAILED_AT + 3 * DAY) == Send()


@pytest.mark.parametrize("status", ["action_required", "canceled", "dropped", "error", "unknown", "a_new_word"])
def test_an_attempt_that_waits_for_the_customer_or_is_over_is_no_payment_on_its_way(status: str) -> None:
    transaction = owed_after(a_live_attempt(at=FAILED_AT + HOUR, status=status), a_live_attempt(status="captured"))

    assert judge(CASE, transaction, PAST_DUE, None, FAILED_AT + HOUR) == Send()


def test_an_end_does_not_wait_for_a_payment_and_a_skip_does() -> None:
    transaction = owed_after(a_live_attempt(status="authorized"))
    canceled, ending = a_live_subscription(status="canceled"), a_live_subscription(scheduled_action="cancel")

    assert judge(CASE, transaction, canceled, None, FAILED_AT) == End(
        CaseState.STOPPED, EndReason.SUBSCRIPTION_CANCELED
    )
    assert judge(CASE, transaction, ending, None, FAILED_AT) == LATER


OTHER = "ctm_01jq3v9m5t8xw2c7h4k6n0p1zz"


@pytest.mark.parametrize(
    ("of_case", "of_debt", "of_subscription"),
    [(CUSTOMER, CUSTOMER, OTHER), (CUSTOMER, OTHER, CUSTOMER), (OTHER, CUSTOMER, CUSTOMER)],
)
def test_where_customers_differ_nobody_is_written_to(of_case: str, of_debt: str, of_subscription: str) -> None:
    verdict = judge(
        a_case(customer_id=of_case),
        a_live_transaction(customer=a_customer(id=of_debt)),
        a_live_subscription(customer_id=of_subscription),
        None,
        FAILED_AT,
    )

    assert verdict == Skip(SkipReason.OTHER_CUSTOMER)
