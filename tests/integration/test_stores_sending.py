"""What holds, pauses, leases and lost jobs do to sending, in both stores."""

from datetime import timedelta

import pytest

from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.store import Sweep
from dunning.store.due import PROBE_EVERY
from dunning.store.holds import EVERYTHING
from dunning.store.inbox import HANDLE_WITHIN, REDRIVE_AT_MOST
from tests.integration.at_rest import NOW, later, of_transaction, open_case
from tests.integration.stores import Hands

A_SECOND = timedelta(seconds=1)
LATE = NOW + HANDLE_WITHIN
KEY = OperatorMustActError("Paddle refuses the API key.", hold=HoldWord.PADDLE_KEY)
BREAKER = Sweep(0, "breaker", 51)


async def sweep(hands: Hands, most_opened: int | None = None) -> Sweep:
    return await hands.store.due.sweep(NOW, calls_per_case=0, most_opened=most_opened)


async def test_a_hold_that_is_raised_again_puts_off_the_next_probe(hands: Hands) -> None:
    await open_case(hands.store)
    await hands.store.holds.raise_(KEY, NOW)
    await hands.let_pass(PROBE_EVERY - A_SECOND)
    await hands.store.holds.raise_(KEY, NOW)

    await hands.let_pass(PROBE_EVERY - A_SECOND)
    early = await sweep(hands)
    await hands.let_pass(A_SECOND)

    assert (early, await sweep(hands)) == (Sweep(0, "held"), Sweep(1, ""))


async def test_a_hold_that_is_named_twice_is_taken_off_once(hands: Hands) -> None:
    await hands.store.holds.raise_(KEY, NOW)

    assert await hands.store.holds.release("paddle_key", "paddle_key", began_at=NOW) == ["paddle_key"]


async def test_what_shows_all_there_is_takes_a_hold_off_whatever_it_is_about(hands: Hands) -> None:
    await hands.store.holds.raise_(
        OperatorMustActError("No.", hold=HoldWord.TEMPLATE_MISSING, about="txn_1 first"), NOW
    )

    assert await hands.store.holds.release(HoldWord.TEMPLATE_MISSING, began_at=NOW, shows=["txn_1"]) == []
    assert await hands.store.holds.release(HoldWord.TEMPLATE_MISSING, began_at=NOW, shows=EVERYTHING) == [
        HoldWord.TEMPLATE_MISSING
    ]


async def test_a_pause_by_hand_that_quotes_the_breaker_is_not_the_breakers(hands: Hands) -> None:
    quoting = 'looked at "breaker: 51 new cases"'
    await hands.store.brakes.pause(None, quoting, NOW)
    await hands.store.brakes.resume(None, NOW)
    await hands.count_opened(NOW, 51)
    not_released = await sweep(hands, most_opened=50)
    await hands.store.brakes.resume(None, NOW)
    await hands.let_pass(timedelta(days=1))
    await hands.store.brakes.pause(None, quoting, NOW)

    assert (not_released, await sweep(hands, most_opened=50)) == (BREAKER, BREAKER)


async def test_a_breaker_that_was_released_does_not_trip_for_a_day(hands: Hands) -> None:
    await hands.count_opened(NOW, 51)
    await sweep(hands, most_opened=50)
    await hands.store.brakes.resume(None, NOW)
    await hands.let_pass(timedelta(days=1) - A_SECOND)
    early = await sweep(hands, most_opened=50)
    await hands.let_pass(A_SECOND)

    assert (early, await sweep(hands, most_opened=50)) == (Sweep(0, "nothing_due"), BREAKER)


@pytest.mark.parametrize("early", [True, False])
async def test_what_lost_its_job_is_driven_again_when_it_had_its_time(hands: Hands, *, early: bool) -> None:
    event = of_transaction()
    await hands.store.inbox.accept(event, NOW)
    await hands.lose_jobs()

    redriven = await hands.store.inbox.redrive(LATE - A_SECOND if early else LATE)

    assert (redriven, await hands.events()) == ((0, set()) if early else (1, {event.id}))


async def test_what_waits_for_its_job_is_left_to_it_and_what_was_driven_again_has_time_again(hands: Hands) -> None:
    await hands.store.inbox.accept(of_transaction(), NOW)
    queued = await hands.store.inbox.redrive(LATE)
    await hands.lose_jobs()
    lost = await hands.store.inbox.redrive(LATE)
    await hands.lose_jobs()

    times = [LATE + HANDLE_WITHIN - A_SECOND, LATE + HANDLE_WITHIN]
    assert (queued, lost, [await hands.store.inbox.redrive(now) for now in times]) == (0, 1, [0, 1])


async def test_events_that_gave_trouble_are_queued_alone_unless_they_are_handled(hands: Hands) -> None:
    troubled, handled, queued = [of_transaction() for _ in range(3)]
    for event in (troubled, handled, queued):
        await hands.store.inbox.accept(event, NOW)
    await hands.store.inbox.mark_handled(handled.id)
    await hands.lose_jobs()
    await hands.store.inbox.drive_alone([queued.id], NOW)

    await hands.store.inbox.drive_alone([troubled.id, handled.id, queued.id], LATE)
    await hands.store.inbox.drive_alone([], LATE)

    assert await hands.events() == {troubled.id, queued.id}
    await hands.lose_jobs()
    assert await hands.store.inbox.redrive(LATE + HANDLE_WITHIN - A_SECOND) == 0
    assert await hands.store.inbox.redrive(LATE + HANDLE_WITHIN) == 2


async def test_a_mass_is_driven_again_in_bounded_portions_oldest_first(hands: Hands) -> None:
    events = [of_transaction() for _ in range(REDRIVE_AT_MOST + 1)]
    for number, event in enumerate(events):
        await hands.store.inbox.accept(event, later(milliseconds=-number))
    await hands.lose_jobs()

    first = await hands.store.inbox.redrive(LATE)
    left = {event.id for event in events} - await hands.events()

    assert (first, left) == (REDRIVE_AT_MOST, {events[0].id})
    assert [await hands.store.inbox.redrive(LATE) for _ in range(2)] == [1, 0]


async def test_a_click_waits_for_whole_milliseconds(hands: Hands) -> None:
    for minute in range(5):
        await hands.store.clicks.allow("txn_1", later(minutes=minute))

    assert await hands.store.clicks.allow("txn_1", later(minutes=59, seconds=59.999)) == 0.001


async def test_the_last_click_that_led_somewhere_is_known(hands: Hands) -> None:
    assert await hands.store.clicks.last("txn_1") is None

    for minute in range(2):
        await hands.store.clicks.allow("txn_1", later(minutes=minute))
    assert await hands.store.clicks.last("txn_1") == later(minutes=1)

    await hands.store.clicks.take_back("txn_1")
    assert await hands.store.clicks.last("txn_1") == later()
