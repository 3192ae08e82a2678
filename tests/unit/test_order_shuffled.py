"""Paddle's events in any order, twice and with gaps: what a case becomes in the end is what the true order makes of it.

The rules are Dunning's own, and so are the marks that an end leaves when it comes before its beginning; that the model
of these here is the store's is shown by tests/integration/test_order_store.py.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import permutations

import pytest

from cli.simulate.memory import Memory
from cli.simulate.paddle import Paddle
from cli.simulate.service import Dunning
from dunning.case import Case, CaseState
from dunning.events import USED, Event
from tests.unit.paddle_world import CAMPAIGNS, HISTORIES, Told, name_of, told

SHUFFLES = 250
STEPS = CAMPAIGNS[0].steps
Ends = Mapping[str, Case]

each_history = pytest.mark.parametrize("history", HISTORIES, ids=name_of)


def a_worker(history: Told) -> Dunning:
    return Dunning(Memory(), history.paddle, CAMPAIGNS)


def deliver(dunning: Dunning, events: Sequence[Event], now: datetime, rng: random.Random | None = None) -> Ends:
    """Take the events in, in this order, and handle them in any: at once, or when others have come."""
    for event in events:
        dunning.memory.accept(event, now)
        waiting = dunning.memory.unhandled()
        if rng is not None:
            rng.shuffle(waiting)
            waiting = waiting[: rng.choice([0, 1, len(waiting)])]
        handle(dunning, waiting, now)
    waiting = dunning.memory.unhandled()
    if rng is not None:
        rng.shuffle(waiting)
    handle(dunning, waiting, now)
    return {case.id: case for case in dunning.memory.cases()}


def handle(dunning: Dunning, event_ids: Sequence[str], now: datetime) -> None:
    for event_id in event_ids:
        dunning.handle(event_id, now)


def assert_same(found: Ends, true: Ends, order: Sequence[Event]) -> None:
    """Compare what matters of every case. One that had ended need never have been opened."""
    told_in = " → ".join(f"{event.type}@{event.occurred_at:%d %H:%M:%S}" for event in order)
    assert found.keys() <= true.keys(), told_in
    for case_id, case in true.items():
        if case_id not in found:
            assert not case.is_open, told_in
        else:
            other = found[case_id]
            assert (other.state, other.reason, other.failed_at) == (case.state, case.reason, case.failed_at), told_in
            if case.is_open:
                assert (other.decline_class, other.reason_code) == (case.decline_class, case.reason_code), told_in


@each_history
def test_a_shuffle_with_duplicates_ends_as_the_true_order(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    true = deliver(a_worker(account), account.events, account.over_at)
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES):
        order = account.events + rng.choices(account.events, k=rng.randrange(4))
        rng.shuffle(order)
        assert_same(deliver(a_worker(account), order, account.over_at, rng), true, order)


@each_history
def test_what_was_dropped_is_mended_when_it_is_told_later(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    true = deliver(a_worker(account), account.events, account.over_at)
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES):
        order = rng.sample(account.events, k=len(account.events))
        lost = rng.randrange(1, len(order) + 1)
        dunning = a_worker(account)
        deliver(dunning, order[lost:], account.over_at, rng)
        assert_same(deliver(dunning, order[:lost], account.over_at, rng), true, order[lost:] + order[:lost])


@each_history
def test_all_orders_of_the_first_and_the_last_events_end_alike(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    true = deliver(a_worker(account), account.events, account.over_at)
    few = account.events[:2] + account.events[2:][-3:]
    kept = [event for event in account.events if event not in few]

    for order in permutations(few):
        assert_same(deliver(a_worker(account), [*order, *kept], account.over_at), true, order)


@each_history
def test_the_true_order_ends_as_paddle_does(history: Callable[[Paddle], None]) -> None:
    account = told(history)

    found = deliver(a_worker(account), account.events, account.over_at)

    for bill in account.paddle.bills.values():
        if bill.status == "completed":
            assert found[bill.id].state is CaseState.RECOVERED
        if bill.status == "canceled":
            assert found[bill.id].state is CaseState.STOPPED


def test_the_late_active_of_a_failing_renewal_is_no_event_of_use() -> None:
    account = told(HISTORIES[0])

    assert account.happenings[0].type == "subscription.updated"
    assert "subscription.updated" not in USED
    assert [happening.type for happening in account.happenings if happening.event] == [
        "transaction.payment_failed",
        "transaction.past_due",
    ]


@each_history
def test_what_nobody_tells_is_found_out_before_the_next_mail(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES // 4):
        dunning = a_worker(account)
        heard = rng.sample(account.events, k=rng.randrange(1, len(account.events) + 1))
        deliver(dunning, heard, account.over_at, rng)
        opened = {case.id: case for case in dunning.memory.cases() if case.is_open}
        due = [(step.due_at(case.failed_at, case.decline_class), case.id) for case in opened.values() for step in STEPS]
        for at, case_id in sorted(due):
            sending = dunning.look(case_id, at)
            assert sending is None or account.paddle.bills[case_id].status == "past_due"
        for case_id in opened:
            found = dunning.memory.read(case_id).case
            assert found
            assert found.is_open == (account.paddle.bills[case_id].status == "past_due")
