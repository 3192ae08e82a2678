from dunning.store import Store, keys
from tests.integration.at_rest import NOW, later, redis_of


async def test_an_address_is_suppressed_under_any_of_its_keys(either: Store) -> None:
    await either.suppressions.add("key-of-old-secret", "hard_bounce", NOW)

    assert await either.suppressions.has(["key-of-new-secret", "key-of-old-secret"])
    assert not await either.suppressions.has(["key-of-new-secret"])


async def test_the_first_reason_stays(store: Store) -> None:
    await store.suppressions.add("key", "hard_bounce", NOW)

    await store.suppressions.add("key", "complaint", later(days=1))

    assert await redis_of(store).hgetall(keys.SUPPRESSED) == {b"key": b"1777896000000 hard_bounce"}
