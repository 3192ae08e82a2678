import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise, repeat

import pytest

from paddle_twin.tokens import make_token, read_token
from paddle_twin.world import Event, World

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Told:
    """A world that stands still in time, and what it told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.world = World(seller="Lantern Software", clock=lambda: NOW, tell=self.events.append)
        self.customer = self.world.add_customer(name="Rosa Lume", email="rosa@lamplight.example")
        self.subscription = self.world.add_subscription(self.customer)

    def steps(self) -> list[tuple[str, str | None]]:
        return [(event.type, json.loads(event.data).get("status")) for event in self.events]


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_declined_renewal_is_told_in_the_order_that_paddle_recorded(told: Told) -> None:
    told.world.decline(told.subscription)

    assert told.steps() == [
        ("subscription.updated", "active"),
        ("transaction.created", "billed"),
        ("transaction.billed", "billed"),
        ("transaction.payment_failed", "billed"),
        ("transaction.updated", "past_due"),
        ("transaction.past_due", "past_due"),
        ("subscription.updated", "past_due"),
        ("subscription.past_due", "past_due"),
    ]


def test_a_second_debt_does_not_make_the_subscription_past_due_again(told: Told) -> None:
    first = told.world.decline(told.subscription)
    told.events.clear()

    second = told.world.decline(told.subscription)

    assert ("subscription.past_due", "past_due") not in told.steps()
    assert [debt["id"] for debt in told.world.debts(told.subscription)] == [first, second]


def test_a_payment_is_told_in_the_order_that_paddle_tells_it(told: Told) -> None:
    debt = told.world.decline(told.subscription)
    told.events.clear()

    told.world.pay(debt)

    assert told.steps() == [
        ("payment_method.saved", None),
        ("transaction.updated", "paid"),
        ("transaction.paid", "paid"),
        ("subscription.updated", "active"),
        ("transaction.completed", "completed"),
    ]
    assert told.world.transactions[debt]["details"]["totals"]["balance"] == "0"
    assert [payment["status"] for payment in told.world.transactions[debt]["payments"]] == ["captured", "error"]


def test_a_subscription_stays_past_due_while_another_debt_is_open(told: Told) -> None:
    first = told.world.decline(told.subscription)
    told.world.decline(told.subscription)

    told.world.pay(first)

    assert told.world.subscriptions[told.subscription]["status"] == "past_due"


@pytest.mark.parametrize("status", ["canceled", "paused"])
def test_an_ended_subscription_takes_its_debts_along(told: Told, status: str) -> None:
    debt = told.world.decline(told.subscription)
    told.events.clear()

    told.world.cancel(told.subscription) if status == "canceled" else told.world.pause(told.subscription)

    assert told.steps() == [
        ("transaction.updated", "canceled"),
        ("transaction.canceled", "canceled"),
        ("subscription.updated", status),
        (f"subscription.{status}", status),
    ]
    assert told.world.transactions[debt]["status"] == "canceled"
    assert told.world.subscriptions[told.subscription]["next_billed_at"] is None


def test_a_failed_retry_puts_its_attempt_first(told: Told) -> None:
    debt = told.world.decline(told.subscription, "not_enough_balance")

    told.world.retry(debt, "expired_card", at=NOW + timedelta(days=3))

    payments = told.world.transactions[debt]["payments"]
    assert [payment["error_code"] for payment in payments] == ["expired_card", "not_enough_balance"]
    assert told.steps()[-2:] == [("transaction.payment_failed", "past_due"), ("transaction.updated", "past_due")]


def test_a_decline_may_have_happened_long_ago(told: Told) -> None:
    failed_at = NOW - timedelta(days=9)

    debt = told.world.decline(told.subscription, at=failed_at)

    assert told.world.transactions[debt]["payments"][0]["created_at"] == "2026-02-21T10:00:00.000000Z"
    assert all(failed_at - timedelta(seconds=5) < event.occurred_at < NOW for event in told.events)


def test_a_bill_may_stay_billed_for_a_moment(told: Told) -> None:
    debt = told.world.decline(told.subscription, settles=False)
    assert told.world.transactions[debt]["status"] == "billed"

    told.world.become_past_due(debt)

    assert told.world.transactions[debt]["status"] == "past_due"


def test_no_two_things_happen_to_one_entity_at_the_same_time(told: Told) -> None:
    debt = told.world.decline(told.subscription)
    told.world.pay(debt)

    for entity in (debt, told.subscription):
        times = [event.occurred_at for event in told.events if json.loads(event.data)["id"] == entity]
        assert all(earlier < later for earlier, later in pairwise(times))


def test_ids_sort_in_the_order_they_were_made(told: Told) -> None:
    made = [told.world.new_id(prefix) for prefix in repeat("txn", 100)]

    assert made == sorted(made)
    assert len(set(made)) == 100


def test_what_is_not_there_cannot_be_changed(told: Told) -> None:
    with pytest.raises(KeyError):
        told.world.decline("sub_unknown")


def test_a_token_signs_in_its_customer_for_a_day_and_nobody_by_another_key() -> None:
    token = make_token("ctm_x", key=b"ours", usage="customer-portal-session", at=NOW)

    assert token.startswith("pga_")
    assert read_token(token, key=b"ours", now=NOW + timedelta(hours=23)) == "ctm_x"
    assert read_token(token, key=b"ours", now=NOW + timedelta(hours=24)) is None
    assert read_token(token, key=b"theirs", now=NOW) is None
    assert read_token("", key=b"ours", now=NOW) is None
    assert read_token("pga_é.ü.ö", key=b"ours", now=NOW) is None
