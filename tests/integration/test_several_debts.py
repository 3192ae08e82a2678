"""A customer with several debts gets one mail that names them all, with a button for each subscription."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from tests.integration.house import House, house, running
from tests.integration.several_debts import BY_CURRENCY, decline, links, subscriptions, working
from worker.main import create_worker

SOFT_LATER = """
[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = { hard = "0s", soft = "20h", outage = "2d" }
template = "payment_failed"
"""


async def test_two_debts_of_one_subscription_are_one_mail_with_one_link(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        older, newer = decline(home, subscription, "expired_card"), decline(home, subscription, "expired_card")
        async with working(home):
            assert await home.delivery_ended(older) is DeliveryState.SENT
            assert await home.delivery_ended(newer) is DeliveryState.SKIPPED
        (mail,) = home.mailbox.mails
        assert "Total: $48.00\n" in mail.text
        assert len(links(home, mail)) == 1
        assert older in await home.told(newer)
        assert await counter(home, "skipped_covered") == 1


async def test_two_subscriptions_due_at_once_are_one_mail_and_two_calls(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        first, second = decline(home, maps, "expired_card"), decline(home, support, "declined")
        async with working(home):
            await home.delivery_ended(first)
            assert await home.delivery_ended(second) is DeliveryState.SKIPPED
        (mail,) = home.mailbox.mails
        assert mail.message["Subject"] == "Some payments didn't go through"
        for product in ("Lantern Maps\n$24.00 (billed on ", "Lantern Support\n$24.00 (billed on "):
            assert product in mail.text
        assert home.twin.counts.total() == 2
        assert f"covered by the mail of {first}" in await home.told(second)
        assert await counter(home, "skipped_covered") == 1
        assert await counter(home, "deliveries_sent") == 1


async def test_each_link_lands_on_its_own_subscription(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        asked = subscriptions(home, "Lantern Maps", "Lantern Support")
        for subscription in asked:
            decline(home, subscription, "expired_card")
        async with working(home):
            mail = await home.mailbox.next()
        landed = [await landing(home, link) for link in links(home, mail)]
        for subscription, url in zip(asked, landed, strict=True):
            assert f"subscription_id={subscription}" in url
        assert all(link in mail.html for link in links(home, mail))


async def test_debts_due_twenty_hours_apart_are_one_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=SOFT_LATER, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        later, at_once = decline(home, maps, "declined"), decline(home, support, "expired_card")
        async with working(home):
            assert await home.delivery_ended(at_once) is DeliveryState.SENT
            assert await home.delivery_ended(later) is DeliveryState.SKIPPED
        (mail,) = home.mailbox.mails
        assert "Lantern Maps\n$24.00 (billed on " in mail.text
        assert "Lantern Support\n$24.00 (billed on " in mail.text


async def test_what_was_paid_in_between_is_left_out_and_ends_by_itself(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        owed, paid = decline(home, maps, "expired_card"), decline(home, support, "expired_card")
        async with working(home, lambda: lose_payment(home, paid)):
            assert await home.delivery_ended(owed) is DeliveryState.SENT
            assert (await home.case_ended(paid)).state is CaseState.RECOVERED
        (mail,) = home.mailbox.mails
        assert "Lantern Support" not in mail.text
        assert len(links(home, mail)) == 1


async def test_send_mode_makes_one_session_for_all_the_subscriptions(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False, LINK_MINT="send") as home:
        asked = subscriptions(home, "Lantern Maps", "Lantern Support")
        bills = [decline(home, subscription, "expired_card") for subscription in asked]
        async with working(home):
            assert [await home.delivery_ended(bill) for bill in bills] == [DeliveryState.SENT, DeliveryState.SKIPPED]
        (mail,) = home.mailbox.mails
        found = [line for line in mail.text.splitlines() if line.startswith(home.twin.url)]
        for subscription, link in zip(asked, found, strict=True):
            assert f"subscription_id={subscription}" in link
        assert home.twin.counts["POST /customers/{id}/portal-sessions"] == 1


async def test_a_silence_after_data_is_repeated_as_the_same_mail_and_the_other_case_waits(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        home.mailbox.drop_after_data()
        asked = subscriptions(home, "Lantern Maps", "Lantern Support")
        bills = [decline(home, subscription, "expired_card") for subscription in asked]
        async with working(home):
            assert [await home.delivery_ended(bill) for bill in bills] == [DeliveryState.SENT, DeliveryState.SKIPPED]
        first, second = home.mailbox.mails
        assert first.raw == second.raw


async def test_a_debt_whose_campaign_is_paused_is_neither_named_nor_waited_for(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=BY_CURRENCY, working=False) as home:
        customer = home.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
        yen = home.twin.world.add_subscription(customer, product="Atlas", currency="JPY")
        dollars = home.twin.world.add_subscription(customer, product="Compass")
        paused, due = decline(home, yen, "expired_card"), decline(home, dollars, "expired_card")
        await home.store.brakes.pause("yen", "a test", datetime.now(UTC))
        async with working(home):
            assert await home.delivery_ended(due) is DeliveryState.SENT
        (mail,) = home.mailbox.mails
        assert "Atlas" not in mail.text
        case = await home.case(paused)
        assert case is not None
        assert case.delivery("first").state is DeliveryState.PLANNED


async def test_a_template_of_the_sellers_that_names_one_debt_gets_a_mail_for_each_subscription(
    redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "payment_failed.txt").write_text("{{ product }}: {{ amount }}\n{{ link }}\n")
    async with house(redis_url, tmp_path, working=False, TEMPLATES=str(tmp_path / "templates")) as home:
        for subscription in subscriptions(home, "Lantern Maps", "Lantern Support"):
            decline(home, subscription, "expired_card")
        async with working(home):
            mails = await home.mailbox.wait_for(2)
        assert sorted(mail.text.splitlines()[0] for mail in mails) == [
            "Lantern Maps: $24.00",
            "Lantern Support: $24.00",
        ]


@pytest.mark.parametrize(("customers", "each", "mails"), [(3, 20, 3), (1, 40, 2), (1, 70, 3)])
async def test_customers_with_more_debts_than_one_call_asks_about_get_few_mails(
    redis_url: str, tmp_path: Path, customers: int, each: int, mails: int
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bills = []
        for number in range(customers):
            names = [f"Product {place}" for place in range(each)]
            asked = subscriptions(home, *names, email=f"c{number}@customer.example")
            bills += [decline(home, subscription, "expired_card") for subscription in asked]
        async with working(home):
            ended = [await home.delivery_ended(bill) for bill in bills]
        assert ended.count(DeliveryState.SENT) == len(home.mailbox.mails) == mails
        assert sum(len(links(home, mail)) for mail in home.mailbox.mails) == len(bills)


async def test_several_workers_send_one_mail_to_each_customer(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bills = []
        for number in range(10):
            asked = subscriptions(home, "Maps", "Support", email=f"c{number}@customer.example")
            bills += [decline(home, subscription, "expired_card") for subscription in asked]
        async with working(home), running(create_worker(home.settings)), running(create_worker(home.settings)):
            for bill in bills:
                await home.delivery_ended(bill)
        assert len(home.mailbox.mails) == 10


async def landing(home: House, link: str) -> str:
    async with home.http.post(link) as portal:
        return str(portal.url)


async def counter(home: House, name: str) -> int:
    return (await home.store.health.snapshot(datetime.now(UTC))).counters[name]


async def lose_payment(home: House, bill: str) -> None:
    """Let the customer pay, and no webhook arrive."""
    home.twin.notifications.url = None
    home.twin.world.pay(bill)
