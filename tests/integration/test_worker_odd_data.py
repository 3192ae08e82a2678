"""Odd data harms nobody but itself: each ends with a reason, and the rest of its batch goes on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dunning.rules.delivery import DeliveryState
from tests.integration.house import House, house
from tests.until import until


@pytest.mark.parametrize("address", ["a..b@customer.example", ".a@customer.example", "a.@customer.example", "a@b..c"])
async def test_an_address_that_no_header_can_hold_is_skipped(redis_url: str, tmp_path: Path, address: str) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription(email=address))
        assert await home.delivery_ended(bill) is DeliveryState.SKIPPED
        assert "no_address" in await home.told(bill)


async def test_a_template_that_fails_on_odd_data_is_tried_again_and_then_given_up(
    redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "payment_failed.txt").write_text("{{ link }}\n{{ 1 // (0 if product == 'Odd' else 1) }}\n")
    async with house(redis_url, tmp_path, TEMPLATES=str(tmp_path)) as home:
        customer = home.twin.world.add_customer(name=None, email="odd@customer.example")
        odd = home.twin.world.decline(home.twin.world.add_subscription(customer, product="Odd"))
        even = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(even) is DeliveryState.SENT
        await until(lambda: _told(home, odd, "not_possible"))
        case = await home.case(odd)
        assert case is not None
        assert case.delivery("first").tries >= 1


async def test_a_case_that_another_version_wrote_does_not_keep_its_batch_from_being_sent(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        strange = "txn_" + "9" * 26
        redis = home.store.cases._redis
        await redis.set(f"dunning:case:{strange}", '1 open {"d": "a class of the future"}')
        await redis.zadd("dunning:due", {strange: 1})
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        await until(lambda: _is_put_off(home, strange))


async def test_an_event_that_another_version_wrote_is_kept_as_dead(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        redis = home.store.cases._redis
        await redis.set("dunning:event:evt_1", 'p{"id": "from the future"}')
        await redis.zadd("dunning:inbox", {"evt_1": 1})
        await home.store.inbox.redrive(datetime.now(UTC))
        await until(lambda: _dead(home))
        assert (await redis.get("dunning:event:evt_1")).startswith(b"devent evt_1 was written by another version")


async def _told(home: House, case_id: str, what: str) -> bool:
    return what in await home.told(case_id)


async def _is_put_off(home: House, case_id: str) -> bool:
    score = await home.store.cases._redis.zscore("dunning:due", case_id)
    return score is not None and score > datetime.now(UTC).timestamp() * 1000 + 1_000_000


async def _dead(home: House) -> bool:
    return (await home.store.health.snapshot(datetime.now(UTC))).gauges["dead_events"] == 1
