"""Several debts of one customer while something else happens: other workers, payments, failures, small budgets."""

from datetime import UTC, datetime
from pathlib import Path

from dunning.case import CaseState
from dunning.delivery import DeliveryState
from dunning.errors import PermanentError
from tests.integration.house import House, house
from tests.integration.several_debts import decline, links, served, subscriptions
from tests.until import until
from worker.send_steps import send_steps
from worker.services import Services
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


async def hold(services: Services, case_id: str) -> None:
    (read,) = await services.store.cases.read_versioned([case_id])
    assert read.case is not None
    claim = read.case.delivery("first").claim("somebody", services.clock())
    await write_case(services, read, read.case.with_delivery("first", claim))


async def recover(services: Services, case_id: str) -> None:
    (read,) = await services.store.cases.read_versioned([case_id])
    assert read.case is not None
    await write_case(services, read, read.case.end(CaseState.RECOVERED, None, services.clock()))


async def fail_again(services: Services, case_id: str) -> None:
    (read,) = await services.store.cases.read_versioned([case_id])
    assert read.case is not None
    await write_case(services, read, read.case.model_copy(update={"reason_code": "declined"}))


async def fail_for_good(_services: Services) -> None:
    raise PermanentError("odd data")


async def retry_is_due(home: House, case_id: str) -> bool:
    case = await home.case(case_id)
    return case is not None and (case.delivery("first").retry_at or datetime.now(UTC)) <= datetime.now(UTC)


async def grants(services: Services, count: int = 2) -> list[str]:
    given = await services.store.limiter.ask(count, background=True)
    assert given is not None
    return [grant.id for grant in given]
