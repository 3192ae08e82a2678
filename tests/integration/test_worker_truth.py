"""What a mail says of a payment is true of it when it is sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from dunning.reasons import SkipReason
from dunning.rules.delivery import Delivery, DeliveryState
from tests.integration.house import House, house
from tests.integration.several_debts import decline, grants, served
from worker.handle_event import handle_event
from worker.send.batch import send_steps
from worker.services import WorkerServices

DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


async def send(services: WorkerServices, *case_ids: str) -> None:
    await send_steps(services, case_ids, await grants(services))


async def first(home: House, case_id: str) -> Delivery:
    case = await home.case(case_id)
    assert case is not None
    return case.delivery("first")


@pytest.mark.parametrize(
    "status", ["authorized", "authorized_flagged", "captured", "created", "pending_no_action_required"]
)
async def test_nobody_is_mailed_whose_payment_is_on_its_way(redis_url: str, tmp_path: Path, status: str) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        home.twin.world.attempt(bill, status)
        async with served(home) as services:
            await send(services, bill)

            (at,) = await services.store.due.when([bill])
        assert home.mailbox.mails == []
        delivery = await first(home, bill)
        assert (delivery.state, delivery.reason, delivery.tries) == (DeliveryState.PLANNED, "payment_on_its_way", 0)
        assert at is not None
        assert now() < at <= now() + timedelta(hours=1)
        assert "first planned: payment_on_its_way, again at" in await home.told(bill)


async def test_once_paddle_tells_of_another_failed_attempt_it_is_mailed_at_once(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        home.twin.world.attempt(bill, "authorized")
        async with served(home) as services:
            await send(services, bill)
            home.twin.world.retry(bill, "not_enough_balance")
            await home.twin.notifications.settled()
            for notification in home.twin.sent:
                await handle_event(services, notification.event_id)

            (at,) = await services.store.due.when([bill])
            assert at is not None
            assert at <= now()
            await send(services, bill)
        (mail,) = home.mailbox.mails
        assert "didn't cover the amount at the time" in mail.text


async def test_a_payment_that_is_on_its_way_for_three_days_is_mailed_about_after_all(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        home.twin.world.attempt(bill, "authorized", at=now() - 3 * DAY)
        home.twin.world.transactions[bill]["payments"][1]["created_at"] = (now() - 4 * DAY).isoformat()
        async with served(home) as services:
            await send(services, bill)
        assert len(home.mailbox.mails) == 1


@pytest.mark.parametrize("status", ["action_required", "dropped"])
async def test_what_waits_for_the_customer_is_mailed_with_the_card_that_failed(
    redis_url: str, tmp_path: Path, status: str
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        home.twin.world.attempt(bill, status, card_last4="1881")
        async with served(home) as services:
            await send(services, bill)
        (mail,) = home.mailbox.mails
        assert "4242" in mail.text
        assert "1881" not in mail.text + mail.html


async def test_a_paypal_failure_after_an_older_card_names_no_card(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        home.twin.world.attempt(bill, "error", code="declined")
        async with served(home) as services:
            await send(services, bill)
        (mail,) = home.mailbox.mails
        assert "4242" not in mail.text + mail.html
        assert "expired" not in mail.text + mail.html


async def test_a_debt_whose_payment_is_on_its_way_is_not_named_in_another_ones_mail(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        customer = home.twin.world.add_customer(name="Ada", email="ada@customer.example")
        maps, support = (home.twin.world.add_subscription(customer, product=name) for name in ("Maps", "Support"))
        owed, paying = decline(home, maps, "expired_card"), decline(home, support, "expired_card")
        home.twin.world.attempt(paying, "pending_no_action_required")
        async with served(home) as services:
            await send(services, owed, paying)
        (mail,) = home.mailbox.mails
        assert "Support" not in mail.text
        assert (await first(home, paying)).state is DeliveryState.PLANNED


async def test_where_the_subscription_is_another_customers_nobody_is_mailed(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        bill = decline(home, subscription, "expired_card")
        other = home.twin.world.add_customer(name="Eve", email="eve@customer.example")
        home.twin.world.subscriptions[subscription]["customer_id"] = other
        async with served(home) as services:
            await send(services, bill)
        assert home.mailbox.mails == []
        delivery = await first(home, bill)
        assert (delivery.state, delivery.reason) == (DeliveryState.SKIPPED, SkipReason.OTHER_CUSTOMER)


async def test_a_mail_that_was_put_back_for_two_days_is_dated_when_it_is_sent(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        bill = decline(home, home.add_subscription(), "expired_card")
        home.mailbox.answer("rcpt", 451)
        async with served(home) as services:
            await send(services, bill)
            later = now() + 2 * DAY
            await send(replace(services, clock=lambda: later), bill)
        (mail,) = home.mailbox.mails
        assert parsedate_to_datetime(str(mail.message["Date"])) == later.replace(microsecond=0)
