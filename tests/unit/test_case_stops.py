"""What stops a case, and which of several ends gives the reason."""

from datetime import timedelta

import pytest

from dunning.paddle.events import AdjustmentFacts, EventType, SubscriptionFacts
from dunning.rules.case import Case, CaseState
from dunning.rules.on_event import Verdict, on_adjustment, on_subscription, on_transaction
from tests.unit.case_builders import (
    CUSTOMER,
    FAILED_AT,
    HOUR,
    MINUTE,
    SECOND,
    SUBSCRIPTION,
    TRANSACTION,
    a_case,
    a_transaction,
    an_event,
    held,
)

NOW = FAILED_AT + MINUTE

REASONS = ["debt_canceled", "subscription_paused", "subscription_canceled", "charged_back"]


def a_subscription(status: str) -> SubscriptionFacts:
    return SubscriptionFacts(id=SUBSCRIPTION, status=status, collection_mode="automatic", customer_id=CUSTOMER)


def charge_back(**changes: object) -> AdjustmentFacts:
    return AdjustmentFacts.model_validate(
        {
            "id": "adj_01jq3v9m5t8xw2c7h4k6n0p1rs",
            "action": "chargeback",
            "status": "approved",
            "transaction_id": TRANSACTION,
            "subscription_id": SUBSCRIPTION,
            "customer_id": CUSTOMER,
            **changes,
        }
    )


def on_charge_back(facts: AdjustmentFacts, case: Case, after: timedelta = HOUR) -> Verdict:
    return on_adjustment(an_event(EventType.ADJUSTMENT_CREATED, facts, FAILED_AT + after), facts, case, NOW)


def stopped_by(reason: str, case: Case) -> Verdict:
    """Let the event that brings this end happen to the case."""
    match reason:
        case "debt_canceled":
            facts = a_transaction(status="canceled")
            return on_transaction(an_event(EventType.TRANSACTION_CANCELED, facts), facts, case, [], NOW)
        case "charged_back":
            return on_charge_back(charge_back(), case)
        case _:
            ends = a_subscription(reason.removeprefix("subscription_"))
            return on_subscription(an_event(EventType(f"subscription.{ends.status}"), ends), ends, case, NOW)


# One end


@pytest.mark.parametrize("reason", REASONS)
def test_an_end_stops_an_open_case(reason: str) -> None:
    assert stopped_by(reason, a_case()) == Verdict(a_case().end(CaseState.STOPPED, reason, NOW), f"stopped: {reason}")


def test_a_pause_from_before_the_failure_says_nothing_about_the_debt() -> None:
    facts = a_subscription("paused")
    earlier = an_event(EventType.SUBSCRIPTION_PAUSED, facts, at=FAILED_AT - SECOND)

    assert on_subscription(earlier, facts, a_case(), NOW) == Verdict(None, "older_than_the_failure")


@pytest.mark.parametrize("action", ["chargeback", "chargeback_warning"])
def test_a_charge_back_stops_the_subscriptions_case(action: str) -> None:
    verdict = on_charge_back(charge_back(action=action), a_case())

    assert verdict == Verdict(a_case().end(CaseState.STOPPED, "charged_back", NOW), "stopped: charged_back")


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "refund"},
        {"action": "credit"},
        {"action": "chargeback_reverse"},
        {"status": "rejected"},
        {"status": "reversed"},
        {"subscription_id": None},
        {"subscription_id": "sub_01jq3v9m5t8xw2c7h4k6n0p1rs"},
    ],
)
def test_other_adjustments_change_nothing(changes: dict[str, object]) -> None:
    assert on_charge_back(charge_back(**changes), a_case()) == Verdict(None, "no_charge_back")


def test_a_charge_back_from_before_the_failure_is_of_an_older_payment() -> None:
    assert on_charge_back(charge_back(), a_case(), -SECOND) == Verdict(None, "older_than_the_failure")
    assert on_charge_back(charge_back(), a_case(), 0 * SECOND).why == "stopped: charged_back"


# Several


@pytest.mark.parametrize(
    ("weak", "strong"), [(weak, strong) for place, strong in enumerate(REASONS) for weak in REASONS[:place]]
)
def test_of_two_ends_the_stronger_gives_the_reason_whichever_comes_first(weak: str, strong: str) -> None:
    weakly, strongly = (a_case().end(CaseState.STOPPED, reason, NOW - HOUR) for reason in (weak, strong))

    assert stopped_by(strong, weakly) == Verdict(weakly.end(CaseState.STOPPED, strong, NOW), f"stopped: {strong}")
    assert stopped_by(weak, strongly) == Verdict(None, "already_stopped")


@pytest.mark.parametrize("reason", REASONS)
def test_the_same_end_told_twice_changes_nothing(reason: str) -> None:
    assert stopped_by(reason, a_case().end(CaseState.STOPPED, reason, NOW)) == Verdict(None, "already_stopped")


@pytest.mark.parametrize("reason", REASONS)
def test_any_end_says_more_than_that_there_is_no_debt(reason: str) -> None:
    no_debt = a_case().end(CaseState.STOPPED, "no_debt", NOW)

    assert stopped_by(reason, no_debt).why == f"stopped: {reason}"


@pytest.mark.parametrize("reason", REASONS)
def test_what_an_operator_stopped_stays_so(reason: str) -> None:
    assert stopped_by(reason, a_case().end(CaseState.STOPPED, "by_operator", NOW)) == Verdict(None, "already_stopped")


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("state", [CaseState.RECOVERED, CaseState.EXHAUSTED])
def test_what_ended_otherwise_is_not_stopped(state: CaseState, reason: str) -> None:
    assert stopped_by(reason, a_case().end(state, None, NOW)) == Verdict(None, f"already_{state}")


def test_what_was_skipped_by_the_first_end_keeps_its_reason() -> None:
    case = a_case().with_delivery("first", held()).end(CaseState.STOPPED, "debt_canceled", NOW - HOUR)

    upgraded = stopped_by("subscription_canceled", case).case

    assert upgraded is not None
    assert upgraded.delivery("first") == case.delivery("first")
    assert upgraded.delivery("first").reason == "debt_canceled"
