"""That Paddle's side of a rehearsal tells what Paddle tells: well-formed events, in the order of the recordings."""

import json
from collections.abc import Callable

import pytest

from cli.plan.simulate.paddle import Paddle
from dunning.paddle.events import USED, Event, EventType, parse_envelope, read_json
from dunning.paddle.projection import project
from paddle_twin.world import Event as Happened
from paddle_twin.world import World
from tests.unit.paddle_world import BEGAN, BILL, DAY, HISTORIES, SECOND_BILL, SUBSCRIPTION, name_of, told


@pytest.mark.parametrize("history", HISTORIES, ids=name_of)
def test_events_made_without_checks_would_pass_them(history: Callable[[Paddle], None]) -> None:
    for event in told(history).events:
        assert Event.model_validate_json(event.model_dump_json()) == event


def test_the_twin_tells_the_same_of_the_same() -> None:
    def lean(paddle: Paddle) -> None:
        paddle.decline(SUBSCRIPTION, BILL, "declined", BEGAN)
        paddle.retry(BILL, "expired_card", BEGAN + DAY)
        paddle.decline(SUBSCRIPTION, SECOND_BILL, "declined", BEGAN + 2 * DAY)
        paddle.pay(BILL, BEGAN + 3 * DAY, new_method=True)
        paddle.end(SUBSCRIPTION, "canceled", BEGAN + 4 * DAY)

    heard: list[Event] = []

    def hear(happened: Happened) -> None:
        if happened.type in USED:
            body = {
                "event_id": happened.id,
                "event_type": happened.type,
                "occurred_at": happened.occurred_at.isoformat(),
                "data": json.loads(happened.data),
            }
            raw = json.dumps(body).encode()
            payload = read_json(raw)
            heard.append(project(payload, parse_envelope(payload)))

    now = BEGAN
    twin = World(seller="Lantern Software", clock=lambda: now, tell=hear)
    subscription = twin.add_subscription(twin.add_customer(name="Rosa Lume", email="rosa@lamplight.example"))
    bill = twin.decline(subscription, "declined")
    now += DAY
    twin.retry(bill, "expired_card")
    now += DAY
    twin.decline(subscription, "declined")
    now += DAY
    twin.pay(bill)
    now += DAY
    twin.cancel(subscription)

    assert [_outline(event) for event in heard] == [_outline(event) for event in told(lean).events]


def _outline(event: Event) -> tuple[EventType, str, list[str]]:
    attempts = getattr(event.facts, "attempts", ())
    return event.type, getattr(event.facts, "status", ""), [f"{one.status}: {one.code}" for one in attempts]
