import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from dunning.rules.case import Case, CaseState
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.rules.out_events import PAYLOADS, Brake, OutEvent, OutType, Payload, of_brake, of_click, of_write

NOW = datetime(2026, 5, 4, 12, 0, 0, 250_000, tzinfo=UTC)
FAILED = NOW - timedelta(hours=3)
CASE = Case(
    id="txn_1",
    subscription_id="sub_1",
    customer_id="ctm_1",
    campaign="renewal",
    decline_class=DeclineClass.SOFT,
    reason_code="declined",
    failed_at=FAILED,
    attempted_at=FAILED,
)
FACTS = {
    "transaction_id": "txn_1",
    "subscription_id": "sub_1",
    "customer_id": "ctm_1",
    "campaign": "renewal",
    "decline_class": "soft",
    "decline_code": "declined",
    "failed_at": "2026-05-04T09:00:00.250000Z",
}
AT = "2026-05-04T12:00:00.250000Z"


def told(events: list[OutEvent]) -> list[Any]:
    return [json.loads(event.body()) for event in events]


def sent(*, unknowns: int = 0) -> Case:
    return CASE.but(deliveries={"first": Delivery(state=DeliveryState.SENT, unknowns=unknowns)})


def test_a_case_that_is_opened_tells_its_ids_and_its_state() -> None:
    data = FACTS | {"state": "open", "revision": 1}

    assert told(of_write(None, CASE, 1, NOW)) == [{"type": "case.opened", "timestamp": AT, "data": data}]


@pytest.mark.parametrize(("unknowns", "repeated"), [(0, False), (1, True)])
def test_a_mail_that_was_sent_tells_its_step_and_whether_it_may_have_arrived_before(
    unknowns: int, *, repeated: bool
) -> None:
    data = FACTS | {"state": "open", "revision": 7, "step": "first", "repeated": repeated}

    (event,) = told(of_write(CASE, sent(unknowns=unknowns), 7, NOW))

    assert event == {"type": "mail.sent", "timestamp": AT, "data": data}


@pytest.mark.parametrize(
    ("state", "reason"),
    [(CaseState.RECOVERED, None), (CaseState.STOPPED, "debt_canceled"), (CaseState.EXHAUSTED, None)],
)
def test_a_case_that_ends_tells_how_and_why(state: CaseState, reason: str | None) -> None:
    data = FACTS | {"state": state.value, "revision": 2, "ended_at": AT} | ({"end_reason": reason} if reason else {})

    (event,) = told(of_write(CASE, CASE.end(state, reason, NOW), 2, NOW))

    assert event == {"type": f"case.{state}", "timestamp": AT, "data": data}


def test_a_case_that_was_stopped_and_is_paid_after_all_tells_that_too() -> None:
    stopped = CASE.end(CaseState.STOPPED, "debt_canceled", NOW)

    events = of_write(stopped, CASE.end(CaseState.RECOVERED, None, NOW), 3, NOW)

    assert [event.type for event in events] == [OutType.CASE_RECOVERED]


def test_what_changes_nothing_of_that_tells_nothing() -> None:
    stopped = CASE.end(CaseState.STOPPED, "debt_canceled", NOW)

    assert of_write(CASE, CASE.but(reason_code="expired_card"), 2, NOW) == []
    assert of_write(sent(), sent().but(reason_code="expired_card"), 2, NOW) == []
    assert of_write(stopped, stopped.but(reason="debt_paused"), 3, NOW) == []


def test_a_click_tells_the_case_and_no_revision() -> None:
    assert told([of_click(CASE, NOW)]) == [{"type": "link.clicked", "timestamp": AT, "data": FACTS | {"state": "open"}}]


def test_a_brake_tells_what_it_is_and_of_what_campaign() -> None:
    assert told(
        [
            of_brake(NOW, Brake.HOLD, on=True, hold="mail_login"),
            of_brake(NOW, Brake.PAUSE, on=False, campaign="renewal"),
            of_brake(NOW, Brake.BREAKER, on=True),
        ]
    ) == [
        {"type": "sending.held", "timestamp": AT, "data": {"by": "hold", "hold": "mail_login"}},
        {"type": "sending.resumed", "timestamp": AT, "data": {"by": "pause", "campaign": "renewal"}},
        {"type": "sending.held", "timestamp": AT, "data": {"by": "breaker"}},
    ]


def test_each_type_has_one_payload_and_is_read_back_as_that() -> None:
    types = [one.model_fields["type"].default for one in PAYLOADS]
    adapter: TypeAdapter[Any] = TypeAdapter(Payload)
    events = [
        *of_write(None, sent().end(CaseState.RECOVERED, None, NOW), 1, NOW),
        of_click(CASE, NOW),
        *[
            event
            for state in (CaseState.STOPPED, CaseState.EXHAUSTED)
            for event in of_write(CASE, CASE.end(state, None, NOW), 2, NOW)
        ],
        of_brake(NOW, Brake.PAUSE, on=True),
        of_brake(NOW, Brake.PAUSE, on=False),
    ]

    assert sorted(types) == sorted(OutType)
    assert sorted(event.type for event in events) == sorted(OutType)
    assert [adapter.validate_json(event.body()) for event in events] == [event.payload() for event in events]
