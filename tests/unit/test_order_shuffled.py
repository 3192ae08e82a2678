"""Paddle's events in any order, twice and with gaps: what a case becomes in the end is what the true order makes of it.

The jobs are the worker's own, over the store in memory; that this one answers as Redis does is shown by
tests/integration/test_order_store.py.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import permutations

import pytest

from cli.plan.simulate.paddle import Paddle
from cli.plan.simulate.post_office import PostOffice
from cli.plan.simulate.rehearsal import Rehearsal, quietly
from dunning.paddle.events import USED, Event
from dunning.rules.case import Case, CaseState
from tests.unit.paddle_world import CAMPAIGNS, HISTORIES, a_worker, name_of, told
from worker.handle_event import handle_events
from worker.send.batch import send_steps

SHUFFLES = 250
STEPS = CAMPAIGNS[0].steps
Ends = Mapping[str, Case]

each_history = pytest.mark.parametrize("history", HISTORIES, ids=name_of)


async def deliver(worker: Rehearsal, events: Sequence[Event], now: datetime, rng: random.Random | None = None) -> Ends:
    """Take the events in, in this order, and handle them in any: at once, or when others have come."""
    worker.now = now
    for event in events:
        await worker.store.inbox.accept(event, now)
        waiting = list(worker.store.kept.inbox)
        if rng is not None:
            rng.shuffle(waiting)
            waiting = waiting[: rng.choice([0, 1, len(waiting)])]
        await handle(worker, waiting)
    waiting = list(worker.store.kept.inbox)
    if rng is not None:
        rng.shuffle(waiting)
    await handle(worker, waiting)
    return {kept.case.id: kept.case for kept in worker.store.kept.cases.values()}


async def handle(worker: Rehearsal, event_ids: Sequence[str]) -> None:
    with quietly():
        await handle_events(worker.services, event_ids)


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
async def test_a_shuffle_with_duplicates_ends_as_the_true_order(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    true = await deliver(a_worker(account), account.events, account.over_at)
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES):
        order = account.events + rng.choices(account.events, k=rng.randrange(4))
        rng.shuffle(order)
        assert_same(await deliver(a_worker(account), order, account.over_at, rng), true, order)


@each_history
async def test_what_was_dropped_is_mended_when_it_is_told_later(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    true = await deliver(a_worker(account), account.events, account.over_at)
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES):
        order = rng.sample(account.events, k=len(account.events))
        lost = rng.randrange(1, len(order) + 1)
        worker = a_worker(account)
        await deliver(worker, order[lost:], account.over_at, rng)
        assert_same(await deliver(worker, order[:lost], account.over_at, rng), true, order[lost:] + order[:lost])


@each_history
async def test_all_orders_of_the_first_and_the_last_events_end_alike(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    true = await deliver(a_worker(account), account.events, account.over_at)
    few = account.events[:2] + account.events[2:][-3:]
    kept = [event for event in account.events if event not in few]

    for order in permutations(few):
        assert_same(await deliver(a_worker(account), [*order, *kept], account.over_at), true, order)


@each_history
async def test_the_true_order_ends_as_paddle_does(history: Callable[[Paddle], None]) -> None:
    account = told(history)

    found = await deliver(a_worker(account), account.events, account.over_at)

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
async def test_what_nobody_tells_is_found_out_before_the_next_mail(history: Callable[[Paddle], None]) -> None:
    account = told(history)
    rng = random.Random(name_of(history))  # noqa: S311 - the same shuffles each time

    for _ in range(SHUFFLES // 4):
        worker = a_worker(account)
        heard = rng.sample(account.events, k=rng.randrange(1, len(account.events) + 1))
        await deliver(worker, heard, account.over_at, rng)
        opened = {kept.case.id: kept.case for kept in worker.store.kept.cases.values() if kept.case.is_open}
        due = [(step.due_at(case.failed_at, case.decline_class), case.id) for case in opened.values() for step in STEPS]
        with quietly():
            for at, case_id in sorted(due):
                worker.now = max(worker.now, at)
                await send_steps(worker.services, [case_id], worker.store.limiter.reserve(2))
        assert isinstance(worker.services.transport, PostOffice)
        for letter in worker.services.transport.letters:
            assert account.paddle.bills[letter.case_id].status == "past_due"
        for case_id in opened:
            case = worker.store.kept.cases[case_id].case
            assert case.is_open == (account.paddle.bills[case_id].status == "past_due")
