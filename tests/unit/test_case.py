import json

import pytest

from dunning.rules.case import Case, CaseState
from dunning.rules.delivery import DeliveryState
from tests.unit.case_builders import FAILED_AT, ME, MINUTE, a_case, held, planned, sending, unknown

NOW = FAILED_AT + MINUTE


def test_an_end_skips_what_was_waiting_even_if_somebody_has_just_claimed_it() -> None:
    waiting = planned().postpone("paddle_failed", NOW + MINUTE, counted=True)
    case = a_case(deliveries={"first": waiting, "reminder": held(NOW)})

    ended = case.end(CaseState.STOPPED, "subscription_paused", NOW)

    for step in ("first", "reminder"):
        delivery = ended.delivery(step)
        assert (delivery.state, delivery.reason) == (DeliveryState.SKIPPED, "subscription_paused")
        assert (delivery.owner, delivery.retry_at) == (None, None)


def test_a_mail_on_its_way_when_the_case_ends_keeps_its_own_state_and_is_recorded() -> None:
    case = a_case(deliveries={"first": sending(NOW)})

    ended = case.end(CaseState.RECOVERED, None, NOW)
    recorded = ended.with_delivery("first", ended.delivery("first").settle(ME, DeliveryState.SENT, "smtp_250"))

    assert ended.delivery("first") == case.delivery("first")
    assert recorded.delivery("first").state is DeliveryState.SENT


def test_a_mail_that_comes_back_after_the_case_ended_is_not_sent_again() -> None:
    ended = a_case(deliveries={"first": sending(NOW)}).end(CaseState.RECOVERED, None, NOW)

    back = ended.with_delivery("first", ended.delivery("first").put_back(ME, "smtp_451", NOW + MINUTE, counted=True))

    assert (back.delivery("first").state, back.delivery("first").reason) == (DeliveryState.SKIPPED, "recovered")


def test_what_may_have_arrived_stays_unknown_when_the_case_ends_and_is_not_repeated() -> None:
    ended = a_case(deliveries={"first": unknown()}).end(CaseState.RECOVERED, None, NOW)

    assert ended.delivery("first").state is DeliveryState.UNKNOWN
    assert ended.delivery("first").closed


def test_a_step_that_is_not_noted_is_planned() -> None:
    assert a_case().delivery("reminder") == planned()


def test_at_rest_it_names_ids_states_and_times_and_reads_back_the_same() -> None:
    failed_again = a_case(campaign="annual", attempted_at=NOW, deliveries={"first": unknown(), "reminder": held()})
    case = failed_again.end(CaseState.STOPPED, "debt_canceled", NOW)

    at_rest = case.at_rest()

    assert Case.from_rest(case.id, at_rest) == case
    assert set(json.loads(at_rest)) == set("uckdefasxry")


def test_at_rest_it_leaves_out_what_goes_without_saying() -> None:
    case = a_case()

    at_rest = case.at_rest()

    assert Case.from_rest(case.id, at_rest.encode()) == case
    assert set(json.loads(at_rest)) == set("ucdef")


def test_a_case_written_in_full_is_read_too() -> None:
    case = a_case()

    assert Case.from_rest(case.id, case.model_dump_json(by_alias=True)) == case


@pytest.mark.parametrize("stored", ["", "[]", "{", "{}", '{"u":"sub_1"}'])
def test_what_is_no_case_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Case.from_rest("txn_1", stored)
