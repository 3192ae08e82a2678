"""What Paddle's API does to us, and what becomes of the steps: put off, held, never lost."""

from pathlib import Path

import pytest

from dunning.rules.delivery import DeliveryState
from dunning.suppression import address_key
from tests.integration.edge import LINK_SECRET
from tests.integration.house import House, house
from tests.until import until


@pytest.mark.parametrize("fault", [500, 502, 503, "reset", "not_json"])
@pytest.mark.parametrize("route", ["GET /transactions", "GET /subscriptions"])
async def test_a_passing_fault_is_tried_again_until_the_mail_is_sent(
    redis_url: str, tmp_path: Path, route: str, fault: int | str
) -> None:
    async with house(redis_url, tmp_path) as home:
        home.twin.fail_next(route, fault)  # type: ignore[arg-type] # the literals of Fault
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        assert "paddle_failed" in await home.told(bill)
        assert len(home.mailbox.mails) == 1


@pytest.mark.parametrize(
    ("permissions", "hold"),
    [(set(), "paddle_permission"), ({"transaction.read", "customer.read", "address.read"}, "paddle_permission")],
    ids=["none_at_all", "one_missing"],
)
async def test_a_missing_permission_holds_sending_and_when_granted_work_goes_on(
    redis_url: str, tmp_path: Path, permissions: set[str], hold: str
) -> None:
    async with house(redis_url, tmp_path) as home:
        granted = set(home.twin.api.permissions)
        home.twin.api.permissions = permissions
        bill = home.twin.world.decline(home.add_subscription())
        assert await until(lambda: _holds(home)) == [hold]
        home.twin.api.permissions = granted
        await _half_a_minute_passes(home)
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        await until(lambda: _released(home))


async def test_a_revoked_key_holds_sending_and_counts_no_try(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        key, home.twin.api.api_key = home.twin.api.api_key, "revoked"
        bill = home.twin.world.decline(home.add_subscription())
        assert await until(lambda: _holds(home)) == ["paddle_key"]
        home.twin.api.api_key = key
        await _half_a_minute_passes(home)
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        case = await home.case(bill)
        assert case is not None
        assert case.delivery("first").tries == 0


async def test_while_a_hold_is_on_one_case_alone_finds_out_whether_it_was_mended(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        home.twin.api.api_key, key = "revoked", home.twin.api.api_key
        bills = [home.twin.world.decline(home.add_subscription(email=f"c{n}@customer.example")) for n in range(5)]
        await until(lambda: _holds(home))
        await until(lambda: _all_opened(home, bills))
        await until(lambda: _all_quiet(home))
        calls = home.twin.counts.total()
        await _half_a_minute_passes(home)
        await until(lambda: _more_calls(home, calls))
        await until(lambda: _all_quiet(home))
        assert home.twin.counts.total() <= calls + 2
        home.twin.api.api_key = key
        await _half_a_minute_passes(home)
        await home.mailbox.wait_for(5)


async def test_a_429_stops_everyone_until_retry_after_has_passed(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        home.twin.fail_next("GET /transactions", 429, retry_after="3600")
        bill = home.twin.world.decline(home.add_subscription())
        await until(lambda: _told(home, bill, "paddle_failed"))
        assert await home.store.limiter.ask(1, background=False) is None
        calls = home.twin.counts.total()
        await home.store.limiter._redis.delete("dunning:api:hold")  # an hour later
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        assert home.twin.counts.total() == calls + 2


async def test_a_debt_that_paddle_does_not_know_is_put_off_and_not_taken_for_paid(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription())
        hidden = home.twin.world.transactions.pop(bill)
        await until(lambda: _told(home, bill, "not_in_answer"))
        home.twin.world.transactions[bill] = hidden
        assert await home.delivery_ended(bill) is DeliveryState.SENT


async def test_a_suppressed_address_is_not_mailed(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        key = address_key("Ada@Customer.example", LINK_SECRET)
        await home.store.suppressions.add(key, "hard_bounce", home.twin.world.clock())
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.SKIPPED
        assert "suppressed" in await home.told(bill)
        assert home.mailbox.mails == []


async def test_an_address_that_an_earlier_release_suppressed_under_another_form_is_not_mailed(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        key = address_key("eve@fass.example", LINK_SECRET)  # what IDNA 2003 took eve@fa\u00df.example for
        await home.store.suppressions.add(key, "bounce", home.twin.world.clock())
        bill = home.twin.world.decline(home.add_subscription(email="eve@fa\u00df.example"))
        assert await home.delivery_ended(bill) is DeliveryState.SKIPPED
        assert "suppressed" in await home.told(bill)
        assert home.mailbox.mails == []


async def test_mail_goes_to_the_owner_of_the_domain_and_not_to_a_like_one(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription(email="eve@fa\u00df.example"))
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        [mail] = home.mailbox.mails
        assert mail.recipients == ("eve@xn--fa-hia.example",)
        assert mail.message["To"] == "eve@xn--fa-hia.example"


async def test_in_send_mode_a_link_without_a_token_holds_sending(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, LINK_MINT="send") as home:
        home.twin.links.with_token = False
        bill = home.twin.world.decline(home.add_subscription())
        assert await until(lambda: _holds(home)) == ["paddle_portal_permission"]
        home.twin.links.with_token = True
        await _half_a_minute_passes(home)
        assert await home.delivery_ended(bill) is DeliveryState.SENT


async def _holds(home: House) -> list[str]:
    return [hold.word for hold in await home.store.holds.all()]


async def _released(home: House) -> bool:
    return not await home.store.holds.all()


async def _half_a_minute_passes(home: House) -> None:
    await home.store.holds._redis.delete("dunning:probe")


async def _told(home: House, case_id: str, what: str) -> bool:
    return what in await home.told(case_id)


async def _all_opened(home: House, bills: list[str]) -> bool:
    return all([await home.case(bill) for bill in bills])


async def _all_quiet(home: House) -> bool:
    gauges = (await home.store.health.snapshot(home.twin.world.clock())).gauges
    return gauges["queued_jobs"] == 0


async def _more_calls(home: House, than: int) -> bool:
    return home.twin.counts.total() > than
