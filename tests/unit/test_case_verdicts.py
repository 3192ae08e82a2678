"""What `judge` makes of Paddle's live state."""

from datetime import UTC, datetime, time, timedelta

import pytest

from dunning.campaign import SendBetween
from dunning.case import CaseState
from dunning.case_steps import LOOKS_FOR_THE_MISSING, End, Later, Send, Skip, SkipReason, judge
from dunning.delivery import FIRST_RETRY
from dunning.live import LiveSubscription, LiveTransaction
from tests.unit.case_builders import FAILED_AT, SECOND, a_customer, a_live_subscription, a_live_transaction

OWED = a_live_transaction()
PAST_DUE = a_live_subscription()


def test_a_debt_that_is_owed_by_an_active_customer_is_written_about() -> None:
    assert judge(OWED, PAST_DUE, 0, None, FAILED_AT) == Send()


def test_the_smallest_debt_is_a_debt() -> None:
    assert judge(a_live_transaction(balance=1), PAST_DUE, 0, None, FAILED_AT) == Send()


def test_a_subscription_that_is_active_in_the_middle_of_a_failing_renewal_is_written_about() -> None:
    assert judge(OWED, a_live_subscription(status="active"), 0, None, FAILED_AT) == Send()


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"status": "paid"}, End(CaseState.RECOVERED, None)),
        ({"status": "completed"}, End(CaseState.RECOVERED, None)),
        ({"balance": 0}, End(CaseState.RECOVERED, "nothing_left_to_pay")),
        ({"balance": -1}, End(CaseState.RECOVERED, "nothing_left_to_pay")),
        ({"status": "canceled"}, End(CaseState.STOPPED, "debt_canceled")),
        ({"status": "draft"}, End(CaseState.STOPPED, "no_debt")),
        ({"status": "ready"}, End(CaseState.STOPPED, "no_debt")),
        ({"status": "billed"}, Later("transaction_billed", 10 * SECOND)),
        ({"collection_mode": "manual"}, Skip(SkipReason.COLLECTED_BY_INVOICE)),
        ({"customer": None}, Skip(SkipReason.NO_ADDRESS)),
        ({"customer": a_customer(email=None)}, Skip(SkipReason.NO_ADDRESS)),
        ({"customer": a_customer(email="")}, Skip(SkipReason.NO_ADDRESS)),
        ({"customer": a_customer(status="archived")}, Skip(SkipReason.CUSTOMER_ARCHIVED)),
    ],
)
def test_what_the_transaction_says(changes: dict[str, object], verdict: object) -> None:
    assert judge(a_live_transaction(**changes), PAST_DUE, 0, None, FAILED_AT) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"status": "canceled"}, End(CaseState.STOPPED, "subscription_canceled")),
        ({"status": "paused"}, End(CaseState.STOPPED, "subscription_paused")),
        ({"status": "trialing"}, Skip(SkipReason.SUBSCRIPTION_NOT_OWING)),
        ({"status": "inactive"}, Skip(SkipReason.SUBSCRIPTION_NOT_OWING)),
        ({"scheduled_action": "cancel"}, Skip(SkipReason.ENDING_BY_ITSELF)),
        ({"scheduled_action": "pause"}, Send()),
        ({"collection_mode": "manual"}, Skip(SkipReason.COLLECTED_BY_INVOICE)),
    ],
)
def test_what_the_subscription_says(changes: dict[str, object], verdict: object) -> None:
    assert judge(OWED, a_live_subscription(**changes), 0, None, FAILED_AT) == verdict


@pytest.mark.parametrize("status", ["paid", "completed"])
def test_paid_comes_before_all_that_the_subscription_says(status: str) -> None:
    canceled = a_live_subscription(status="canceled", scheduled_action="cancel", collection_mode="manual")

    assert judge(a_live_transaction(status=status), canceled, 0, None, FAILED_AT) == End(CaseState.RECOVERED, None)


@pytest.mark.parametrize("debt", ["canceled", "draft"])
@pytest.mark.parametrize("status", ["canceled", "paused"])
def test_of_a_debt_and_a_subscription_that_are_both_gone_the_subscription_says_why(debt: str, status: str) -> None:
    verdict = judge(a_live_transaction(status=debt), a_live_subscription(status=status), 0, None, FAILED_AT)

    assert verdict == End(CaseState.STOPPED, f"subscription_{status}")


@pytest.mark.parametrize("subscription", [None, a_live_subscription(status="trialing")])
def test_a_subscription_that_is_not_known_to_be_gone_says_nothing_about_a_canceled_debt(
    subscription: LiveSubscription | None,
) -> None:
    verdict = judge(a_live_transaction(status="canceled"), subscription, 0, None, FAILED_AT)

    assert verdict == End(CaseState.STOPPED, "debt_canceled")


@pytest.mark.parametrize(("transaction", "subscription"), [(None, PAST_DUE), (OWED, None), (None, None)])
def test_what_is_missing_in_an_answer_is_looked_for_before_the_step_is_skipped(
    transaction: LiveTransaction | None, subscription: LiveSubscription | None
) -> None:
    assert judge(transaction, subscription, LOOKS_FOR_THE_MISSING - 1, None, FAILED_AT) == Later(
        "not_in_answer", FIRST_RETRY
    )
    assert judge(transaction, subscription, LOOKS_FOR_THE_MISSING, None, FAILED_AT) == Skip(SkipReason.NOT_AT_PADDLE)


HOURS = SendBetween(time(8), time(18))


def test_outside_the_campaigns_hours_a_mail_waits_for_the_morning_and_it_is_no_try_in_vain() -> None:
    night = datetime(2026, 5, 4, 22, tzinfo=UTC)  # midnight in Norway

    assert judge(OWED, PAST_DUE, 0, HOURS, night) == Later("outside_hours", timedelta(hours=8), counted=False)


def test_within_the_campaigns_hours_a_mail_goes() -> None:
    assert judge(OWED, PAST_DUE, 0, HOURS, datetime(2026, 5, 4, 6, tzinfo=UTC)) == Send()


def test_what_ends_a_case_does_not_wait_for_the_morning() -> None:
    paid = a_live_transaction(status="paid")

    assert judge(paid, PAST_DUE, 0, HOURS, datetime(2026, 5, 4, 22, tzinfo=UTC)) == End(CaseState.RECOVERED, None)
