from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dunning.errors import PermanentError
from dunning.instants import from_milliseconds, to_milliseconds
from dunning.paddle.events import EventType, TransactionFacts
from dunning.rules.campaign import When
from dunning.rules.campaign_version import version
from dunning.rules.case import OPEN_FOR, Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.due_steps import next_due_at
from dunning.rules.on_event import Verdict, on_transaction
from tests.unit.case_builders import (
    CAMPAIGN,
    CUSTOMER,
    DAY,
    FAILED_AT,
    HOUR,
    MINUTE,
    PAID,
    SECOND,
    SUBSCRIPTION,
    TRANSACTION,
    a_case,
    a_transaction,
    an_attempt,
    an_event,
    planned,
    sent,
)

NOW = FAILED_AT + MINUTE

FAILED = [EventType.TRANSACTION_PAYMENT_FAILED, EventType.TRANSACTION_PAST_DUE]
ENDED = [CaseState.RECOVERED, CaseState.EXHAUSTED, CaseState.STOPPED]


def verdict_on(
    event_type: EventType, case: Case | None, facts: TransactionFacts | None = None, now: datetime = NOW
) -> Verdict:
    facts = facts or a_transaction()
    return on_transaction(an_event(event_type, facts), facts, case, [CAMPAIGN], now)


def opened(facts: TransactionFacts) -> Case:
    case = verdict_on(EventType.TRANSACTION_PAST_DUE, None, facts).case
    assert case is not None
    return case


# Opening


@pytest.mark.parametrize("event_type", FAILED)
def test_a_declined_renewal_opens_a_case(event_type: EventType) -> None:
    verdict = verdict_on(event_type, None)

    assert verdict == Verdict(
        Case(
            id=TRANSACTION,
            subscription_id=SUBSCRIPTION,
            customer_id=CUSTOMER,
            campaign="renewal",
            version=version(CAMPAIGN),
            decline_class=DeclineClass.HARD,
            reason_code="expired_card",
            failed_at=FAILED_AT,
            attempted_at=FAILED_AT,
        ),
        "opened: hard",
    )


def test_the_first_failure_opens_a_case_while_the_transaction_is_still_billed() -> None:
    assert opened(a_transaction(status="billed")).is_open


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"origin": "web"}, "no_renewal"),
        ({"origin": "api"}, "no_renewal"),
        ({"origin": "subscription_charge"}, "no_renewal"),
        ({"origin": "subscription_payment_method_change"}, "no_renewal"),
        ({"subscription_id": None}, "no_renewal"),
        ({"customer_id": None}, "no_renewal"),
        ({"collection_mode": "manual"}, "collected_by_invoice"),
        ({"status": "ready"}, "transaction_ready"),
        ({"status": "paid"}, "transaction_paid"),
        ({"status": "completed"}, "transaction_completed"),
        ({"status": "canceled"}, "transaction_canceled"),
    ],
)
def test_what_is_no_debt_of_a_renewal_opens_nothing(changes: dict[str, object], why: str) -> None:
    assert verdict_on(EventType.TRANSACTION_PAYMENT_FAILED, None, a_transaction(**changes)) == Verdict(None, why)


def test_the_failure_was_when_the_oldest_attempt_failed_whatever_their_order() -> None:
    newest, oldest = an_attempt(FAILED_AT + 3 * DAY, "declined"), an_attempt(FAILED_AT, "expired_card")

    for attempts in ((newest, oldest), (oldest, newest)):
        case = opened(a_transaction(attempts=attempts))

        assert case.failed_at == FAILED_AT
        assert case.attempted_at == FAILED_AT + 3 * DAY
        assert (case.reason_code, case.decline_class) == ("declined", DeclineClass.SOFT)


def test_attempts_that_did_not_fail_say_nothing_about_the_failure() -> None:
    canceled = an_attempt(FAILED_AT - DAY, None, status="canceled")
    pending = an_attempt(FAILED_AT + DAY, None, status="pending_no_action_required")

    case = opened(a_transaction(attempts=(pending, an_attempt(), canceled)))

    assert (case.failed_at, case.attempted_at) == (FAILED_AT, FAILED_AT)


def test_a_debt_without_a_failed_attempt_failed_when_it_was_billed() -> None:
    case = opened(a_transaction(attempts=(), billed_at=FAILED_AT))

    assert (case.failed_at, case.attempted_at) == (FAILED_AT, FAILED_AT)
    assert (case.reason_code, case.decline_class) == (None, DeclineClass.SOFT)


def test_a_debt_that_does_not_say_when_it_failed_is_an_error() -> None:
    with pytest.raises(PermanentError, match="neither a failed attempt nor billed_at"):
        verdict_on(EventType.TRANSACTION_PAST_DUE, None, a_transaction(attempts=(), billed_at=None))


def test_the_time_of_the_event_is_never_the_time_of_the_failure() -> None:
    facts = a_transaction()
    event = an_event(EventType.TRANSACTION_PAST_DUE, facts, at=FAILED_AT + 2 * DAY)

    case = on_transaction(event, facts, None, [CAMPAIGN], FAILED_AT + 2 * DAY).case

    assert case is not None
    assert case.failed_at == FAILED_AT


@pytest.mark.parametrize(("age", "why"), [(OPEN_FOR - SECOND, "opened: hard"), (OPEN_FOR, "too_old")])
def test_a_debt_past_its_days_is_not_opened(age: timedelta, why: str) -> None:
    assert verdict_on(EventType.TRANSACTION_PAST_DUE, None, now=FAILED_AT + age).why == why


# Failing again


def test_a_newer_attempt_changes_why_and_nothing_else() -> None:
    case = a_case(deliveries={"first": sent()})
    again = a_transaction(attempts=(an_attempt(FAILED_AT + DAY, "issuer_unavailable"), an_attempt()))

    verdict = verdict_on(EventType.TRANSACTION_PAYMENT_FAILED, case, again)

    assert verdict == Verdict(
        case.model_copy(
            update={
                "decline_class": DeclineClass.OUTAGE,
                "reason_code": "issuer_unavailable",
                "attempted_at": FAILED_AT + DAY,
            }
        ),
        "failed_again: outage",
    )


def test_another_failed_attempt_ends_the_wait_for_a_payment_that_seemed_to_be_on_its_way() -> None:
    on_its_way = planned().postpone("payment_on_its_way", NOW + HOUR, counted=False)
    refused = planned().postpone("smtp_451", NOW + HOUR, counted=True)
    case = a_case(deliveries={"first": on_its_way, "reminder": refused})

    changed = verdict_on(FAILED[0], case, a_transaction(attempts=(an_attempt(NOW), an_attempt()))).case

    assert changed is not None
    assert changed.delivery("first").retry_at is None
    assert changed.delivery("reminder") == refused
    assert next_due_at(changed, CAMPAIGN, 1) == FAILED_AT + 2 * HOUR


@pytest.mark.parametrize("event_type", FAILED)
def test_another_event_of_the_same_attempt_changes_nothing(event_type: EventType) -> None:
    assert verdict_on(event_type, a_case()) == Verdict(None, "nothing_new")


@pytest.mark.parametrize("microsecond", [123_400, 123_600])
def test_the_same_attempt_is_known_again_after_its_microseconds_were_lost_at_rest(microsecond: int) -> None:
    at = FAILED_AT.replace(microsecond=microsecond)
    stored = a_case(failed_at=at, attempted_at=from_milliseconds(to_milliseconds(at)))

    verdict = verdict_on(EventType.TRANSACTION_PAST_DUE, stored, a_transaction(attempts=(an_attempt(at),)))

    assert verdict == Verdict(None, "nothing_new")


def test_an_older_attempt_that_comes_late_does_not_undo_what_a_newer_one_said() -> None:
    case = a_case(attempted_at=FAILED_AT + DAY, decline_class=DeclineClass.SOFT, reason_code="declined")

    assert verdict_on(EventType.TRANSACTION_PAYMENT_FAILED, case) == Verdict(None, "nothing_new")


def test_an_event_without_a_failed_attempt_changes_nothing() -> None:
    assert verdict_on(EventType.TRANSACTION_PAST_DUE, a_case(), a_transaction(attempts=())) == Verdict(
        None, "nothing_new"
    )


@pytest.mark.parametrize("state", ENDED)
def test_a_failure_never_opens_again_what_has_ended(state: CaseState) -> None:
    again = a_transaction(attempts=(an_attempt(FAILED_AT + DAY),))

    verdict = verdict_on(EventType.TRANSACTION_PAYMENT_FAILED, a_case(state=state), again)

    assert verdict == Verdict(None, f"already_{state}")


# Paid


@pytest.mark.parametrize("event_type", PAID)
def test_paid_recovers_an_open_case(event_type: EventType) -> None:
    case = a_case()

    verdict = verdict_on(event_type, case)

    assert verdict == Verdict(case.end(CaseState.RECOVERED, None, NOW), "recovered")


@pytest.mark.parametrize("state", [CaseState.EXHAUSTED, CaseState.STOPPED])
def test_paid_recovers_even_what_had_ended_otherwise(state: CaseState) -> None:
    ended = a_case().end(state, "subscription_paused", NOW - HOUR)

    recovered = verdict_on(EventType.TRANSACTION_PAID, ended).case

    assert recovered is not None
    assert (recovered.state, recovered.reason, recovered.ended_at) == (CaseState.RECOVERED, None, NOW)


def test_paid_is_final_whatever_its_time() -> None:
    facts = a_transaction(status="paid")
    long_ago = an_event(EventType.TRANSACTION_PAID, facts, at=FAILED_AT - DAY)

    assert on_transaction(long_ago, facts, a_case(), [CAMPAIGN], NOW).why == "recovered"


def test_paid_twice_is_recovered_once() -> None:
    recovered = a_case().end(CaseState.RECOVERED, None, NOW - HOUR)

    assert verdict_on(EventType.TRANSACTION_COMPLETED, recovered) == Verdict(None, "already_recovered")


@pytest.mark.parametrize("event_type", [*PAID, EventType.TRANSACTION_CANCELED])
def test_the_end_of_what_was_never_opened_is_nothing_to_us(event_type: EventType) -> None:
    assert verdict_on(event_type, None) == Verdict(None, "no_case")


# Campaigns

FOR_EUROS = replace(CAMPAIGN, name="euros", when=When(currencies=frozenset({"EUR"})))


def test_a_case_gets_the_first_campaign_that_is_for_it_and_keeps_its_version() -> None:
    facts = a_transaction(currency_code="EUR")

    event = an_event(EventType.TRANSACTION_PAST_DUE, facts)
    case = on_transaction(event, facts, None, [FOR_EUROS, CAMPAIGN], NOW).case

    assert case is not None
    assert (case.campaign, case.version) == ("euros", version(FOR_EUROS))


@pytest.mark.parametrize("when", [When(products=frozenset({"pro_a"})), When(prices=frozenset({"pri_a"}))])
def test_what_was_sold_decides_the_campaign(when: When) -> None:
    facts = a_transaction().model_copy(update={"product_ids": ("pro_a",), "price_ids": ("pri_a",)})
    event = an_event(EventType.TRANSACTION_PAST_DUE, facts)

    case = on_transaction(event, facts, None, [replace(CAMPAIGN, name="annual", when=when), CAMPAIGN], NOW).case

    assert case is not None
    assert case.campaign == "annual"


def test_a_debt_that_no_campaign_is_for_opens_nothing() -> None:
    facts = a_transaction(currency_code="USD")

    verdict = on_transaction(an_event(EventType.TRANSACTION_PAST_DUE, facts), facts, None, [FOR_EUROS], NOW)

    assert verdict == Verdict(None, "no_campaign")


def test_what_is_found_late_may_say_when_to_begin() -> None:
    event = an_event(EventType.TRANSACTION_PAST_DUE).model_copy(update={"not_before": FAILED_AT + HOUR})

    case = on_transaction(event, a_transaction(), None, [CAMPAIGN], NOW).case

    assert case is not None
    assert case.not_before == FAILED_AT + HOUR
