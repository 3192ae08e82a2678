"""What an ended case says of the steps that were due and not sent."""

from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from dunning.rules.due_steps import note_due
from tests.unit.case_builders import CAMPAIGN, DAY, FAILED_AT, HOUR, SECOND, a_case, planned, sent

PAID = a_case().end(CaseState.RECOVERED, None, FAILED_AT)
PAUSED = a_case().end(CaseState.STOPPED, "subscription_paused", FAILED_AT)


def test_a_step_that_was_due_is_skipped_for_the_reason_the_case_ended() -> None:
    assert note_due(PAID, CAMPAIGN, FAILED_AT + 2 * HOUR).deliveries == {"first": planned().skip("recovered")}
    assert note_due(PAUSED, CAMPAIGN, FAILED_AT + 3 * DAY).deliveries == {
        "first": planned().skip("subscription_paused"),
        "reminder": planned().skip("subscription_paused"),
    }


def test_a_step_that_was_not_due_yet_is_not_spoken_of() -> None:
    assert note_due(PAID, CAMPAIGN, FAILED_AT + 2 * HOUR - SECOND) == PAID


def test_a_step_that_was_dealt_with_keeps_its_own_end() -> None:
    ended = a_case(deliveries={"first": sent()}).end(CaseState.RECOVERED, None, FAILED_AT + DAY)

    noted = note_due(ended, CAMPAIGN, FAILED_AT + 27 * DAY)

    assert {step: delivery.state for step, delivery in noted.deliveries.items()} == {
        "first": DeliveryState.SENT,
        "reminder": DeliveryState.SKIPPED,
        "final": DeliveryState.SKIPPED,
    }
