from dunning.errors import OperatorMustActError
from dunning.reasons import HoldWord
from dunning.store import Hold, Store, keys
from tests.integration.at_rest import NOW, everything, later, redis_of

KEY = OperatorMustActError("Paddle refuses the API key.", hold=HoldWord.PADDLE_KEY)
LOGIN = OperatorMustActError("The mail server refuses the login.", hold=HoldWord.MAIL_LOGIN)


async def test_a_hold_is_new_once_and_says_since_when_it_is_on_and_what_was_refused_last(either: Store) -> None:
    first = await either.holds.raise_(KEY, NOW)
    again = await either.holds.raise_(OperatorMustActError("Later words.", hold=HoldWord.PADDLE_KEY), later(hours=1))

    assert (first, again) == (True, False)
    assert await either.holds.all() == [Hold("paddle_key", NOW, "Later words.")]


async def test_several_holds_are_listed_by_their_words(either: Store) -> None:
    await either.holds.raise_(KEY, NOW)
    await either.holds.raise_(LOGIN, later(seconds=1))

    assert [hold.word for hold in await either.holds.all()] == ["mail_login", "paddle_key"]


async def test_what_is_mended_is_released_and_told_once(store: Store) -> None:
    await store.holds.raise_(KEY, NOW)

    released = await store.holds.release("paddle_key", "paddle_permission", began_at=NOW)
    again = await store.holds.release("paddle_key", "paddle_permission", began_at=NOW)

    assert (released, again) == (["paddle_key"], [])
    assert await everything(redis_of(store)) == {}


async def test_releasing_what_is_not_on_leaves_the_other_holds_probe_alone(store: Store) -> None:
    await store.holds.raise_(LOGIN, NOW)

    released = await store.holds.release("paddle_key", began_at=NOW)

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


async def test_what_was_begun_before_a_hold_was_met_again_does_not_take_it_off(either: Store) -> None:
    await either.holds.raise_(LOGIN, NOW)
    await either.holds.raise_(LOGIN, later(seconds=9))

    assert await either.holds.release("mail_login", began_at=later(seconds=8)) == []
    assert await either.holds.release("mail_login", began_at=later(seconds=10)) == ["mail_login"]


async def test_a_hold_about_one_permission_is_not_taken_off_by_a_call_that_needs_others(either: Store) -> None:
    refused = OperatorMustActError("No.", hold=HoldWord.PADDLE_PERMISSION, about="transaction.read customer.read")
    await either.holds.raise_(refused, NOW)

    some = await either.holds.release("paddle_permission", began_at=NOW, shows=["transaction.read"])
    all_of_it = await either.holds.release(
        "paddle_permission", began_at=NOW, shows=["customer.read", "transaction.read"]
    )

    assert (some, all_of_it) == ([], ["paddle_permission"])


async def test_a_hold_of_an_older_version_is_read_and_taken_off(store: Store) -> None:
    await redis_of(store).hset(keys.HOLDS, "paddle_key", '[1777896000000, "Words."]')

    assert [hold.sentence for hold in await store.holds.all()] == ["Words."]
    assert await store.holds.release("paddle_key", began_at=NOW) == ["paddle_key"]
