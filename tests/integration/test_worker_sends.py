"""A declined renewal becomes one mail, and only while Paddle says that it is owed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from paddle_twin.world import World
from tests.integration.at_rest import everything, redis_of
from tests.integration.house import House, house, running
from tests.until import until
from worker.handle_event import handle_event
from worker.services import check_templates, open_services


async def test_a_declined_renewal_becomes_one_mail_whose_link_lands_on_the_update_page(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        case_id = home.twin.world.decline(home.add_subscription())
        mail = await home.mailbox.next()
        link = next(line for line in mail.text.splitlines() if "/pay/" in line)
        async with home.http.get(link) as page:
            assert 'method="post"' in await page.text()
        assert home.twin.counts["POST /customers/{id}/portal-sessions"] == 0
        async with home.http.post(link) as portal:
            assert "action=update_subscription_payment_method" in str(portal.url)
            assert 'data-page="update"' in await portal.text()
        home.twin.world.pay(case_id)
        assert (await home.case_ended(case_id)).state is CaseState.RECOVERED
        assert len(home.mailbox.mails) == 1


async def test_a_mail_alone_costs_two_api_calls_and_a_click_two(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        home.twin.world.decline(home.add_subscription())
        mail = await home.mailbox.next()
        assert home.twin.counts.total() == 2
        await home.http.post(next(line for line in mail.text.splitlines() if "/pay/" in line), allow_redirects=False)
        assert home.twin.counts.total() == 4


async def test_a_batch_of_thirty_shares_its_two_calls(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        for number in range(30):
            home.twin.world.decline(home.add_subscription(email=f"c{number}@customer.example"))
        await home.twin.notifications.settled()
        await _handle_all_events_first(home)
        async with running(home.worker):
            await home.mailbox.wait_for(30)
        assert len({mail.recipients for mail in home.mailbox.mails}) == 30
        assert home.twin.counts.total() <= 8


async def test_send_mode_puts_paddles_own_link_in_the_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, LINK_MINT="send") as home:
        home.twin.world.decline(home.add_subscription())
        mail = await home.mailbox.next()
        link = next(line for line in mail.text.splitlines() if line.startswith(home.twin.url))
        async with home.http.get(link) as portal:
            assert 'data-page="update"' in await portal.text()


async def test_a_redirect_takes_every_mail_in_place_of_the_customer(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, MAIL_REDIRECT="qa@seller.example") as home:
        home.twin.world.decline(home.add_subscription())
        mail = await home.mailbox.next()
        assert mail.recipients == ("qa@seller.example",)


async def test_a_redirected_mail_alone_tells_whom_it_was_for(redis_url: str, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with house(redis_url, tmp_path, MAIL_REDIRECT="qa@seller.example") as home:
            case_id = home.twin.world.decline(home.add_subscription(email="eve@elsewhere.example"))
            mail = await home.mailbox.next()
            assert mail.message["X-Original-To"] == "eve@elsewhere.example"
            assert mail.text.startswith("Redirected: this email is for eve@elsewhere.example.\n\n")
            assert await home.delivery_ended(case_id) is DeliveryState.SENT
            assert "elsewhere" not in repr(await everything(redis_of(home.store)))
    assert logs
    assert "elsewhere" not in repr(logs)


@pytest.mark.parametrize("limit", ["1", "2", "3"])
async def test_the_smallest_budgets_still_send(redis_url: str, tmp_path: Path, limit: str) -> None:
    async with house(redis_url, tmp_path, PADDLE_RATE_LIMIT=limit) as home:
        case_id = home.twin.world.decline(home.add_subscription())
        if limit in {"1", "2"}:
            await until(lambda: _was_asked(home, "GET /subscriptions"))
            await home.store.limiter._redis.delete("dunning:api:log")  # as a minute does
        assert await home.delivery_ended(case_id) is DeliveryState.SENT


async def test_a_bill_that_is_not_yet_past_due_is_looked_at_again(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription(), settles=False)
        await until(lambda: _told(home, bill, "transaction_billed"))
        assert home.mailbox.mails == []
        home.twin.world.become_past_due(bill)
        assert await home.delivery_ended(bill) is DeliveryState.SENT


@pytest.mark.parametrize(
    ("what_happens", "outcome"),
    [
        (lambda world, bill, _: world.pay(bill), CaseState.RECOVERED),
        (lambda world, _, subscription: world.cancel(subscription), CaseState.STOPPED),
        (lambda world, _, subscription: world.pause(subscription), CaseState.STOPPED),
    ],
    ids=["paid", "canceled", "paused"],
)
@pytest.mark.parametrize("webhook", ["comes", "is_lost"])
async def test_no_mail_goes_out_once_nothing_is_owed(
    redis_url: str, tmp_path: Path, what_happens: Callable[[World, str, str], None], outcome: CaseState, webhook: str
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        bill = home.twin.world.decline(subscription)
        await home.twin.notifications.settled()
        if webhook == "is_lost":
            home.twin.notifications.url = None
        what_happens(home.twin.world, bill, subscription)
        async with running(home.worker):
            if webhook == "is_lost":
                assert (await home.case_ended(bill)).state is outcome
            else:
                await until(lambda: _all_handled(home))
        assert home.mailbox.mails == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "archived"}, "customer_archived"),
        ({"email": ""}, "no_address"),
        ({"email": "not an address"}, "no_address"),
    ],
    ids=["archived", "without_address", "with_nonsense_for_an_address"],
)
async def test_a_customer_who_cant_be_mailed_is_skipped_with_the_reason(
    redis_url: str, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    async with house(redis_url, tmp_path) as home:
        bill = home.twin.world.decline(home.add_subscription(**change))
        assert await home.delivery_ended(bill) is DeliveryState.SKIPPED
        case = await home.case(bill)
        assert case is not None
        assert case.delivery("first").reason == reason
        assert case.is_open


async def test_a_subscription_that_ends_by_itself_is_skipped(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        subscription = home.add_subscription()
        home.twin.world.schedule(subscription, "cancel")
        bill = home.twin.world.decline(subscription)
        assert await home.delivery_ended(bill) is DeliveryState.SKIPPED
        assert "ending_by_itself" in await home.told(bill)


@pytest.mark.parametrize(("currency", "shown"), [("USD", "$24.00"), ("JPY", "¥2,400")])
async def test_the_amount_is_written_in_its_currency(redis_url: str, tmp_path: Path, currency: str, shown: str) -> None:
    async with house(redis_url, tmp_path) as home:
        customer = home.twin.world.add_customer(name=None, email="ada@customer.example")
        home.twin.world.decline(home.twin.world.add_subscription(customer, currency=currency, price=2400))
        mail = await home.mailbox.next()
        assert shown in mail.text
        assert shown in mail.html


async def test_a_hostile_name_stays_a_name(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        home.twin.world.decline(home.add_subscription(name="Eve\r\nBcc: all@example.com <script>"))
        mail = await home.mailbox.next()
        assert mail.recipients == ("ada@customer.example",)
        assert mail.message["Bcc"] is None
        assert "<script>" not in mail.html


async def test_a_simulated_failure_mails_nobody(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        subscription = home.add_subscription()
        home.twin.notifications.url, url = None, home.twin.notifications.url
        bill = home.twin.world.decline(subscription)
        home.twin.notifications.url = url
        sent = home.twin.send("transaction.past_due", dict(home.twin.world.transactions[bill]), simulated=True)
        await until(lambda: _answered(sent.answers))
        assert sent.answers == [200]
        assert await home.case(bill) is None


async def _told(home: House, case_id: str, what: str) -> bool:
    return what in await home.told(case_id)


async def _was_asked(home: House, route: str) -> bool:
    return home.twin.counts[route] > 0


async def _answered(answers: list[int]) -> bool:
    return bool(answers)


async def _all_handled(home: House) -> bool:
    gauges = (await home.store.health.snapshot(home.twin.world.clock())).gauges
    return gauges["unhandled_events"] == 0 and gauges["queued_jobs"] == 0


async def _handle_all_events_first(home: House) -> None:
    """Handle the events without sweeping, so that all cases are due together."""

    redis_url = home.settings.redis_url.get_secret_value() if home.settings.redis_url else ""
    services = open_services(home.settings, redis_url, check_templates(home.settings))
    for notification in home.twin.sent:
        await handle_event(services, notification.event_id)
    await services.close()
