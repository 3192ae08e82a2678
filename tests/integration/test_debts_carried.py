"""A newer debt's step is covered once the mail that names it has gone out, and until then it waits."""

from datetime import timedelta
from pathlib import Path

import pytest

from dunning.reasons import SkipReason
from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from dunning.store import Sweep
from tests.integration.house import House, house
from tests.integration.several_debts import decline, grants, served
from worker.handle_event import handle_event
from worker.send.batch import send_steps
from worker.services import WorkerServices
from worker.sweep import sweep_once

# The older debt's reminder is days away when the newer one's first mail is due.
FIRST_AT_ONCE = """
[campaign.renewal]
on = "renewal_failed"

[[campaign.renewal.step]]
name = "first"
after = { hard = "0s", soft = "4d", outage = "4d" }
template = "payment_failed"
"""


async def send(services: WorkerServices, *case_ids: str) -> None:
    await send_steps(services, case_ids, await grants(services))


async def looked_at_in(services: WorkerServices, case_id: str) -> timedelta:
    (at,) = await services.store.due.when([case_id])
    assert at is not None
    return at - services.clock()


async def test_a_newer_debts_step_waits_while_an_older_one_has_a_mail_to_come(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=FIRST_AT_ONCE, working=False) as home:
        subscription = home.add_subscription()
        older, newer = decline(home, subscription, "declined"), decline(home, subscription, "expired_card")
        async with served(home) as services:
            await sweep_once(services, None)
            await send(services, newer)

            assert timedelta(hours=23) < await looked_at_in(services, newer) <= timedelta(days=1)
            assert await services.store.due.late_since([newer]) == [None]
        case = await home.case(newer)
        assert case is not None
        assert case.deliveries == {}
        assert older not in await home.told(newer)
        assert home.mailbox.mails == []
        assert home.twin.counts.total() == 0


async def test_when_the_older_one_is_paid_first_the_newer_one_is_mailed_at_once(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, campaign=FIRST_AT_ONCE, working=False) as home:
        subscription = home.add_subscription()
        older, newer = decline(home, subscription, "declined"), decline(home, subscription, "expired_card")
        async with served(home) as services:
            await send(services, newer)
            home.twin.world.pay(older)
            await home.twin.notifications.settled()
            for notification in home.twin.sent:
                await handle_event(services, notification.event_id)

            assert await looked_at_in(services, newer) <= timedelta(0)
            assert (await sweep_once(services, None)) == Sweep(1, "")
            await send(services, newer)
        (mail,) = home.mailbox.mails
        assert "$24.00" in mail.text
        case = await home.case(newer)
        assert case is not None
        assert case.delivery("first").state is DeliveryState.SENT


async def test_the_mail_that_names_it_covers_it_and_only_once_it_is_out(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        older, newer = decline(home, subscription, "expired_card"), decline(home, subscription, "expired_card")

        async def meanwhile(_: WorkerServices) -> None:
            case = await home.case(newer)
            assert case is not None
            assert case.delivery("first").state is DeliveryState.PLANNED

        async with served(home, meanwhile) as services:
            await send(services, older, newer)
        (mail,) = home.mailbox.mails
        assert "Total: $48.00\n" in mail.text
        case = await home.case(newer)
        assert case is not None
        assert (case.delivery("first").state, case.delivery("first").reason) == (
            DeliveryState.SKIPPED,
            SkipReason.COVERED,
        )
        assert f"covered by the mail of {older}" in await home.told(newer)


async def test_a_mail_that_is_put_back_covers_nothing(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        older, newer = decline(home, subscription, "expired_card"), decline(home, subscription, "expired_card")
        home.mailbox.answer("rcpt", 451)
        async with served(home) as services:
            await send(services, older, newer)
        assert await planned(home, older)
        assert await planned(home, newer)


@pytest.mark.parametrize("ends", ["canceled by hand", "found paid"])
async def test_whatever_ends_the_older_one_lets_the_newer_one_go_on(redis_url: str, tmp_path: Path, ends: str) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        subscription = home.add_subscription()
        older, newer = decline(home, subscription, "expired_card"), decline(home, subscription, "expired_card")
        async with served(home) as services:
            await services.store.due.put_back([newer], services.clock() + timedelta(hours=1))
            home.twin.notifications.url = None
            if ends == "found paid":
                home.twin.world.pay(older)
                state = CaseState.RECOVERED
            else:
                home.twin.world.transactions[older]["status"] = "canceled"
                state = CaseState.STOPPED
            await send(services, older)

            assert (await home.case_ended(older)).state is state
            assert await looked_at_in(services, newer) <= timedelta(0)


async def planned(home: House, case_id: str) -> bool:
    case = await home.case(case_id)
    return case is not None and case.delivery("first").state is DeliveryState.PLANNED
