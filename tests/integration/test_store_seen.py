from dunning.paddle.live import LiveSubscription
from dunning.store import Store, keys
from tests.integration.at_rest import everything, redis_of

ONE = LiveSubscription("sub_1", "ctm_1", "past_due", "automatic", None)
OTHER = LiveSubscription("sub_2", "ctm_2", "active", "manual", "cancel")


async def test_what_was_seen_is_taken_once(either: Store) -> None:
    await either.seen.keep([ONE, OTHER])

    first = await either.seen.take(["sub_1", "sub_2", "sub_none"])
    second = await either.seen.take(["sub_1", "sub_2"])

    assert first == {"sub_1": ONE, "sub_2": OTHER}
    assert second == {}


async def test_what_is_not_taken_is_kept_for_five_minutes(store: Store) -> None:
    await store.seen.keep([ONE])

    assert 290_000 < await redis_of(store).pttl(keys.seen("sub_1")) <= 300_000


async def test_nothing_to_keep_leaves_nothing(store: Store) -> None:
    await store.seen.keep([])

    assert await store.seen.take([]) == {}
    assert await everything(redis_of(store)) == {}
