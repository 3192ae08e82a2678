"""The checker finds what it is there to find."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dunning.rules.delivery import Delivery, DeliveryState
from tests.chaos.history import History, judge

SENT = Delivery(state=DeliveryState.SENT)
REPEATED = Delivery(state=DeliveryState.SENT, unknowns=1)


def mail(number: int, **changes: str) -> Mapping[str, Any]:
    headers = {"message-id": f"<{number}>"}
    return {"recipients": [f"{number}@customer.example"], "headers": headers, "text": "Hello", **changes}


GOOD = History(
    acknowledged={"evt_1": "txn_1", "evt_2": "txn_2"},
    handled={"evt_1", "evt_2"},
    deliveries={"txn_1": SENT, "txn_2": SENT},
    mails=[mail(1), mail(2)],
    recipients={"txn_1": "1@customer.example", "txn_2": "2@customer.example"},
    caught=set(),
)
TWICE = replace(GOOD, mails=[mail(1), mail(2), mail(1)])


def test_one_mail_for_each_case_is_as_it_should_be() -> None:
    verdict = judge(GOOD)

    assert (verdict.lost, verdict.doubled, verdict.wrong) == ([], [], [])


def test_an_acknowledged_event_that_is_not_handled_is_lost() -> None:
    assert judge(replace(GOOD, handled={"evt_2"})).lost == ["evt_1"]


def test_a_case_without_a_mail_is_lost() -> None:
    assert judge(replace(GOOD, mails=[mail(2)])).lost == ["txn_1"]


def test_a_flagged_double_that_was_caught_in_the_gap_is_told_and_not_wrong() -> None:
    verdict = judge(replace(TWICE, deliveries={"txn_1": REPEATED, "txn_2": SENT}, caught={"txn_1"}))

    assert (verdict.doubled, verdict.wrong) == (["txn_1"], [])


def test_a_double_that_does_not_show_is_wrong() -> None:
    assert judge(replace(TWICE, caught={"txn_1"})).wrong == ["txn_1 was mailed twice, and it does not show"]


def test_a_double_with_nothing_killed_in_its_gap_is_wrong() -> None:
    wrong = judge(replace(TWICE, deliveries={"txn_1": REPEATED, "txn_2": SENT})).wrong

    assert wrong == ["txn_1 was mailed twice, and nothing was killed in its gap"]


def test_a_double_that_is_another_mail_is_wrong() -> None:
    other = replace(GOOD, mails=[mail(1), mail(2), mail(1, text="Hello again")], caught={"txn_1"})

    wrong = judge(replace(other, deliveries={"txn_1": REPEATED, "txn_2": SENT})).wrong

    assert wrong == ["txn_1 was mailed twice, and not the same mail"]


def test_three_mails_are_wrong() -> None:
    thrice = replace(TWICE, mails=[*TWICE.mails, mail(1)], caught={"txn_1"})

    wrong = judge(replace(thrice, deliveries={"txn_1": REPEATED, "txn_2": SENT})).wrong

    assert wrong == ["txn_1 was mailed 3 times"]


def test_a_delivery_that_is_stuck_and_a_stranger_are_wrong() -> None:
    stuck = replace(GOOD, deliveries={"txn_1": Delivery(), "txn_2": SENT}, mails=[mail(1), mail(2), mail(3)])

    assert judge(stuck).wrong == ["txn_1 is planned", "1 who have no case were mailed"]
