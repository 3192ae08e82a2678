"""The API budget, in both stores: what it gives, and when what it gave no longer counts."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from dunning.paddle_api.grants import Grant
from tests.integration.stores import Either, Hands

With = Callable[[int], Hands]


async def grant_of(store: Either) -> Grant:
    granted = await store.limiter.ask(1, background=False)
    assert granted is not None
    return granted[0]


async def has_room(store: Either) -> bool:
    """Tell whether one more call is granted, and take none."""
    granted = await store.limiter.ask(1, background=False)
    await store.limiter.give_back(granted or [])
    return granted is not None


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_no_more_grants_than_the_limit(hands_with: With, limit: int) -> None:
    either = hands_with(limit).store

    granted = await either.limiter.ask(limit, background=False)

    assert len({grant.id for grant in granted or []}) == limit
    assert await either.limiter.ask(1, background=False) is None


async def test_more_than_there_is_room_for_gets_none_at_all(hands_with: With) -> None:
    either = hands_with(3).store
    await either.limiter.ask(2, background=False)

    assert await either.limiter.ask(2, background=False) is None
    assert await either.limiter.ask(1, background=False) is not None


async def test_background_work_leaves_a_twentieth(hands_with: With) -> None:
    either = hands_with(40).store

    assert await either.limiter.ask(39, background=True) is None
    assert await either.limiter.ask(38, background=True) is not None
    assert await either.limiter.ask(1, background=True) is None
    assert await either.limiter.ask(2, background=False) is not None


async def test_a_grant_that_is_not_used_lapses_after_a_minute(hands_with: With) -> None:
    hands = hands_with(1)
    grant = await grant_of(hands.store)

    await hands.let_pass(timedelta(seconds=59))
    early = await has_room(hands.store)
    await hands.let_pass(timedelta(seconds=1))

    assert not early
    assert not await hands.store.limiter.begin(grant)
    assert await has_room(hands.store)


async def test_a_call_that_is_answered_counts_for_a_minute_from_then(hands_with: With) -> None:
    hands = hands_with(1)
    grant = await grant_of(hands.store)
    await hands.store.limiter.begin(grant)
    await hands.let_pass(timedelta(seconds=8))
    await hands.store.limiter.end(grant)

    await hands.let_pass(timedelta(seconds=59))
    early = await has_room(hands.store)
    await hands.let_pass(timedelta(seconds=1))

    assert (early, await has_room(hands.store)) == (False, True)


async def test_a_call_whose_process_died_counts_for_as_long_as_it_could_have_taken(hands_with: With) -> None:
    hands = hands_with(1)
    await hands.store.limiter.begin(await grant_of(hands.store))

    await hands.let_pass(timedelta(seconds=74))
    early = await has_room(hands.store)
    await hands.let_pass(timedelta(seconds=1))

    assert (early, await has_room(hands.store)) == (False, True)


async def test_a_grant_is_good_for_one_call(hands: Hands) -> None:
    grant = await grant_of(hands.store)

    assert await hands.store.limiter.begin(grant)
    assert not await hands.store.limiter.begin(grant)


async def test_a_grant_that_nobody_gave_begins_no_call(hands: Hands) -> None:
    assert not await hands.store.limiter.begin(Grant("made-up"))

    await hands.store.limiter.end(Grant("made-up"))


async def test_what_is_given_back_makes_room_and_what_was_used_does_not(hands_with: With) -> None:
    either = hands_with(1).store
    unused = await grant_of(either)
    await either.limiter.give_back([unused])
    used = await grant_of(either)
    await either.limiter.begin(used)

    await either.limiter.give_back([used])
    await either.limiter.give_back([])

    assert not await has_room(either)
    assert not await either.limiter.begin(unused)


async def test_a_hold_refuses_to_give_and_to_begin_until_it_is_over(hands: Hands) -> None:
    either = hands.store
    running, waiting = await grant_of(either), await grant_of(either)
    await either.limiter.begin(running)

    await either.limiter.hold(30)
    await either.limiter.end(running)
    held = (await has_room(either), await either.limiter.begin(waiting))
    await hands.let_pass(timedelta(seconds=30))

    assert held == (False, False)
    assert await either.limiter.begin(waiting)
    assert await has_room(either)


@pytest.mark.parametrize("first_then", [(90, 30), (30, 90)])
async def test_the_longer_of_two_holds_wins(hands: Hands, first_then: tuple[int, int]) -> None:
    for seconds in first_then:
        await hands.store.limiter.hold(seconds)

    await hands.let_pass(timedelta(seconds=89))
    early = await has_room(hands.store)
    await hands.let_pass(timedelta(seconds=1))

    assert (early, await has_room(hands.store)) == (False, True)
