"""Several debts of one customer while something else happens: other workers, payments, failures, small budgets."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from dunning.errors import PermanentError
from dunning.rules.case import CaseState
from dunning.rules.delivery import DeliveryState
from dunning.store import Pause, Paused
from tests.integration.house import House, house
from tests.integration.several_debts import BY_CURRENCY, decline, grants, hold, links, served, subscriptions
from tests.until import until
from worker.handle_event import handle_event
from worker.mail.transport import Outcome, Result
from worker.send.batch import send_steps
from worker.services import WorkerServices
from worker.write_case import write_case


async def test_the_smallest_budget_still_names_all(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False, PADDLE_RATE_LIMIT="1") as home:
        asked = subscriptions(home, "Lantern Maps", "Lantern Support")
        bills = [decline(home, subscription, "expired_card") for subscription in asked]
        async with served(home) as services:
            await send_steps(services, bills, await grants(services, 1))
            assert home.twin.counts["GET /subscriptions"] == 1
            await home.store.limiter._redis.delete("dunning:api:log")  # as a minute does
            await send_steps(services, bills, await grants(services, 1))
        (mail,) = home.mailbox.mails
        assert len(links(home, mail)) == 2
        assert home.twin.counts.total() == 2


async def test_a_mail_that_is_not_possible_is_tried_again_without_the_other_debts(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        asked = subscriptions(home, "Lantern Maps", "Lantern Support")
        first, second = [decline(home, subscription, "expired_card") for subscription in asked]
        async with served(home, fail_for_good) as services:
            await send_steps(services, [first, second], await grants(services))
            await until(lambda: retry_is_due(home, first))
            await send_steps(services, [first], await grants(services))
        (mail,) = home.mailbox.mails
        assert "Lantern Support" not in mail.text
        assert len(links(home, mail)) == 1
        other = await home.case(second)
        assert other is not None
        assert other.delivery("first").state is DeliveryState.PLANNED


async def test_while_a_mail_to_the_customer_is_on_its_way_the_other_case_waits_and_costs_no_call(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        leader, follower = decline(home, maps, "expired_card"), decline(home, support, "expired_card")
        async with served(home) as services:
            await hold(services, leader)
            await send_steps(services, [follower], ["one", "two"])
            case = await home.case(follower)
        assert case is not None
        assert case.delivery("first").tries == 0
        assert home.twin.counts.total() == 0
        assert home.mailbox.mails == []


async def test_a_payment_while_the_mail_is_being_handed_over_stops_it_and_another_one_is_written(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        owed, paid = decline(home, maps, "expired_card"), decline(home, support, "expired_card")
        async with served(home, lambda services: recover(services, paid)) as services:
            await send_steps(services, [owed, paid], await grants(services))
            case = await home.case(owed)
            assert case is not None
            assert case.delivery("first").reason == "debts_changed"
            assert case.delivery("first").tries == 0
            await send_steps(services, [owed], await grants(services))
        (mail,) = home.mailbox.mails
        assert "Lantern Support" not in mail.text
        assert await home.delivery_ended(owed) is DeliveryState.SENT


async def test_a_named_case_that_is_written_meanwhile_is_covered_all_the_same(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        first, second = decline(home, maps, "expired_card"), decline(home, support, "expired_card")
        async with served(home, lambda services: fail_again(services, second)) as services:
            await send_steps(services, [first, second], await grants(services))
        assert await home.delivery_ended(second) is DeliveryState.SKIPPED
        case = await home.case(second)
        assert case is not None
        assert case.reason_code == "declined"


@dataclass
class Keyed:
    """A provider that takes idempotency keys. Its answer to the first mail is lost."""

    idempotent: bool = True
    mails: dict[str, str] = field(default_factory=dict)

    async def send(self, mail: EmailMessage, *, recipient: str, key: str, before_data: Any) -> Result:  # noqa: ANN401 - as the protocol has it
        """Take the first mail under each key, and say of another one that the first arrived."""
        assert recipient
        assert await before_data()
        is_first_of_all = not self.mails
        self.mails.setdefault(key, mail.get_body(("plain",)).get_content())  # type: ignore[union-attr] # it has a text
        return Result(Outcome.UNKNOWN, "eof") if is_first_of_all else Result(Outcome.SENT, "resend_200")

    async def probe(self) -> frozenset[str]:
        """Show nothing."""
        return frozenset()

    async def close(self) -> None:
        """Do nothing."""


async def test_a_repeat_under_a_key_covers_no_debt_that_the_first_mail_may_not_have_named(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, working=False) as home:
        maps, support = subscriptions(home, "Lantern Maps", "Lantern Support")
        first = decline(home, maps, "expired_card")
        async with served(home) as usual:
            keyed = Keyed()
            services = replace(usual, transport=keyed)
            await send_steps(services, [first], await grants(services))
            second = decline(home, support, "expired_card")
            await home.twin.notifications.settled()
            for notification in home.twin.sent:
                await handle_event(services, notification.event_id)
            await until(lambda: retry_is_due(home, first))

            await send_steps(services, [first], await grants(services))

            assert await home.delivery_ended(first) is DeliveryState.SENT
            assert "Lantern Support" not in "".join(keyed.mails.values())
            await send_steps(services, [second], await grants(services))
            assert await home.delivery_ended(second) is DeliveryState.SENT
            assert "Lantern Support" in keyed.mails[f"{second}.first"]


@pytest.mark.parametrize("campaign", ["yen", None])
async def test_a_pause_just_before_data_stops_a_mail_that_names_a_debt_it_is_for(
    redis_url: str, tmp_path: Path, campaign: str | None
) -> None:
    async with house(redis_url, tmp_path, campaign=BY_CURRENCY, working=False) as home:
        dollars, yen = of_two_campaigns(home)

        async def pause(services: WorkerServices) -> None:
            await services.store.brakes.pause(campaign, "a test", services.clock())

        async with served(home, pause) as services:
            await send_steps(services, [dollars, yen], await grants(services))
            case = await home.case(dollars)
            assert case is not None
            assert (case.delivery("first").reason, case.delivery("first").tries) == ("paused", 0)
            assert home.mailbox.mails == []

            await services.store.brakes.resume(None, services.clock())
            await send_steps(services, [dollars], await grants(services))
        (mail,) = home.mailbox.mails
        assert ("Atlas" in mail.text) == (campaign is None)


@dataclass
class PausedForAMoment:
    """Brakes that are pulled for one campaign when they are looked at the second time, and at no other."""

    looks: int = 0

    async def paused(self) -> Paused:
        """Answer as the real ones would."""
        self.looks += 1
        return Paused(None, {"yen": Pause(datetime.now(UTC), "operator")} if self.looks == 2 else {})


async def test_a_pause_that_comes_and_goes_while_a_batch_is_dealt_with_does_not_part_it(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path, campaign=BY_CURRENCY, working=False) as home:
        bills = of_two_campaigns(home)
        async with served(home) as services:
            brakes: Any = PausedForAMoment()
            services.store.brakes = brakes
            await send_steps(services, bills, await grants(services))
        (mail,) = home.mailbox.mails
        assert "Atlas" in mail.text
        assert "Compass" in mail.text


def of_two_campaigns(home: House) -> tuple[str, str]:
    """Decline two subscriptions of one customer, the second one in yen."""
    customer = home.twin.world.add_customer(name="Ada Example", email="ada@customer.example")
    dollars = home.twin.world.add_subscription(customer, product="Compass")
    yen = home.twin.world.add_subscription(customer, product="Atlas", currency="JPY")
    return decline(home, dollars, "expired_card"), decline(home, yen, "expired_card")


async def recover(services: WorkerServices, case_id: str) -> None:
    (read,) = await services.store.cases.read_versioned([case_id])
    assert read.case is not None
    await write_case(services, read, read.case.end(CaseState.RECOVERED, None, services.clock()))


async def fail_again(services: WorkerServices, case_id: str) -> None:
    (read,) = await services.store.cases.read_versioned([case_id])
    assert read.case is not None
    await write_case(services, read, read.case.model_copy(update={"reason_code": "declined"}))


async def fail_for_good(_services: WorkerServices) -> None:
    raise PermanentError("odd data")


async def retry_is_due(home: House, case_id: str) -> bool:
    case = await home.case(case_id)
    return case is not None and (case.delivery("first").retry_at or datetime.now(UTC)) <= datetime.now(UTC)
