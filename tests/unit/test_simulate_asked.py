"""That a rehearsal's Paddle gives the lists of the API as Paddle does: our own readers take them from its JSON."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from cli.plan.simulate import bodies, entities
from cli.plan.simulate.asked import AskedPaddle
from cli.plan.simulate.paddle import Paddle
from dunning.paddle.events import USED
from dunning.paddle.intake import Accept, Unused, decide_listed
from dunning.paddle_api.grants import Grant, Unlimited
from dunning.rules.healing import debt_event
from tests.unit.paddle_world import (
    BEGAN,
    BILL,
    DAY,
    HISTORIES,
    OTHER_SUBSCRIPTION,
    SECOND_BILL,
    SUBSCRIPTION,
    an_account,
    name_of,
    told,
)

Entity = TypeVar("Entity")


async def next_grant() -> Grant:
    return Grant("one")


def asked(paddle: Paddle, now: datetime) -> AskedPaddle:
    return AskedPaddle(paddle, Unlimited(), lambda: now)


async def listed(pages: AsyncIterator[Sequence[Entity]]) -> list[Entity]:
    return [entity async for page in pages for entity in page]


@pytest.mark.parametrize("history", HISTORIES, ids=name_of)
def test_a_listed_event_is_read_as_that_of_the_webhook(history: Callable[[Paddle], None]) -> None:
    for happening in told(history).happenings:
        decision = decide_listed(bodies.event(happening))

        assert isinstance(decision, Accept if happening.type in USED else Unused)
        assert decision.envelope.event_id == happening.id
        assert decision.occurred_at == happening.at
        if isinstance(decision, Accept):
            assert decision.event == happening.event


@pytest.mark.parametrize("history", HISTORIES, ids=name_of)
def test_a_debt_is_read_as_that_of_the_webhook(history: Callable[[Paddle], None]) -> None:
    paddle = told(history).paddle
    for bill in paddle.bills.values():
        subscription = paddle.subscriptions[bill.subscription_id]

        event = debt_event(bodies.transaction(bill, subscription), BEGAN)

        assert event.facts == entities.transaction(bill, subscription)


async def test_the_events_after_one_are_those_of_the_types_we_use_that_have_happened() -> None:
    paddle = an_account(lambda _happening: None)
    paddle.decline(SUBSCRIPTION, BILL, "declined", BEGAN)
    paddle.pay(BILL, BEGAN + DAY, new_method=True)
    soon = asked(paddle, BEGAN + DAY + timedelta(seconds=1))

    newest = await soon.newest_event(next_grant)
    first, *rest = [decide_listed(body) for body in await listed(soon.events_after("evt_", next_grant))]

    assert newest is not None
    decision = decide_listed(newest)
    assert isinstance(decision, Unused)
    assert decision.label == "subscription.updated"
    assert isinstance(first, Accept)
    assert [one.label for one in (first, *rest) if isinstance(one, Accept)] == [
        "transaction.payment_failed",
        "transaction.past_due",
        "transaction.paid",
    ]
    again = await listed(soon.events_after(first.event.id, next_grant))
    assert [decide_listed(body) for body in again] == rest
    later = await listed(asked(paddle, BEGAN + 2 * DAY).events_after(decision.envelope.event_id, next_grant))
    assert [one.label for one in map(decide_listed, later) if isinstance(one, Accept)] == ["transaction.completed"]


async def test_an_account_in_which_nothing_happened_has_no_newest_event() -> None:
    at_the_beginning = asked(an_account(lambda _happening: None), BEGAN)

    assert await at_the_beginning.newest_event(next_grant) is None


async def test_what_is_past_due_is_listed_where_it_is_collected_automatically() -> None:
    paddle = an_account(lambda _happening: None)
    paddle.decline(SUBSCRIPTION, BILL, "declined", BEGAN)
    paddle.decline(OTHER_SUBSCRIPTION, SECOND_BILL, "declined", BEGAN)
    later = asked(paddle, BEGAN + DAY)

    both = await listed(later.past_due_subscriptions(next_grant))
    paddle.collect_by_invoice(OTHER_SUBSCRIPTION, BEGAN)
    (found,) = await listed(later.past_due_subscriptions(next_grant))
    (renewal,) = await listed(later.past_due_renewals([found.id], next_grant))

    assert [one.id for one in both] == [SUBSCRIPTION, OTHER_SUBSCRIPTION]
    assert debt_event(renewal, BEGAN).facts.id == BILL
    assert (await later.reread_transactions([BILL], next_grant)).keys() == {BILL}
    paddle.pay(BILL, BEGAN, new_method=True)
    assert await listed(later.past_due_renewals([SUBSCRIPTION], next_grant)) == []
