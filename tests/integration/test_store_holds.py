from dunning.errors import OperatorMustActError
from dunning.store import Hold, Store, keys
from tests.integration.at_rest import NOW, everything, later, redis_of

KEY = OperatorMustActError("Paddle refuses the API key.", hold="paddle_key")
LOGIN = OperatorMustActError("The mail server refuses the login.", hold="mail_login")


async def test_a_hold_is_new_once_and_keeps_its_first_sentence(store: Store) -> None:
    first = await store.holds.raise_(KEY, NOW)
    again = await store.holds.raise_(OperatorMustActError("Later words.", hold="paddle_key"), later(hours=1))

    assert (first, again) == (True, False)
    assert await store.holds.all() == [Hold("paddle_key", NOW, "Paddle refuses the API key.")]


async def test_several_holds_are_listed_by_their_words(store: Store) -> None:
    await store.holds.raise_(KEY, NOW)
    await store.holds.raise_(LOGIN, later(seconds=1))

    assert [hold.word for hold in await store.holds.all()] == ["mail_login", "paddle_key"]


async def test_what_is_mended_is_released_and_told_once(store: Store) -> None:
    await store.holds.raise_(KEY, NOW)

    released = await store.holds.release("paddle_key", "paddle_permission")
    again = await store.holds.release("paddle_key", "paddle_permission")

    assert (released, again) == (["paddle_key"], [])
    assert await everything(redis_of(store)) == {}


async def test_releasing_what_is_not_on_leaves_the_other_holds_probe_alone(store: Store) -> None:
    await store.holds.raise_(LOGIN, NOW)

    released = await store.holds.release("paddle_key")

    assert released == []
    assert await redis_of(store).exists(keys.PROBE)


async def test_a_hold_that_is_raised_again_puts_off_the_next_probe(store: Store) -> None:
    await store.holds.raise_(KEY, NOW)
    await redis_of(store).pexpire(keys.PROBE, 1_000)

    await store.holds.raise_(KEY, NOW)

    assert 20_000 < await redis_of(store).pttl(keys.PROBE) <= 30_000


async def test_a_look_that_came_to_nothing_makes_room_for_the_next_one(store: Store) -> None:
    await store.holds.raise_(KEY, NOW)

    await store.holds.look_again()

    assert not await redis_of(store).exists(keys.PROBE)
    assert [hold.word for hold in await store.holds.all()] == ["paddle_key"]
