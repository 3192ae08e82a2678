"""What a mail server does to us, and what becomes of the delivery: tried again, refused, held, or repeated once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dunning.rules.delivery import DeliveryState
from tests.integration.house import House, house
from tests.until import until


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "message"])
@pytest.mark.parametrize("code", [421, 451])
async def test_a_temporary_answer_is_tried_again_until_it_is_sent(
    redis_url: str, tmp_path: Path, stage: str, code: int
) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.answer(stage, code)
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        case = await home.case(bill)
        assert case is not None
        assert case.delivery("first").tries == 1
        assert len(home.mailbox.mails) == 1


@pytest.mark.parametrize("stage", ["rcpt", "data", "message"])
async def test_a_final_answer_refuses_the_delivery_and_the_case_goes_on(
    redis_url: str, tmp_path: Path, stage: str
) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.answer(stage, 550)
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.REFUSED
        case = await home.case(bill)
        assert case is not None
        assert case.is_open
        assert "550" in (case.delivery("first").reason or "")
        assert home.mailbox.mails == []


async def test_a_connection_cut_before_data_is_tried_again(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.drop_before_data()
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        assert len(home.mailbox.mails) == 1


async def test_a_silence_after_data_is_repeated_once_as_the_same_mail_and_flagged(
    redis_url: str, tmp_path: Path
) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.drop_after_data()
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        first, second = home.mailbox.mails
        assert first.raw == second.raw
        assert "repeated" in await home.told(bill)
        assert (await _counters(home))["deliveries_repeated"] == 1


async def test_two_silences_are_not_followed_by_a_third_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.drop_after_data(times=2)
        bill = home.twin.world.decline(home.add_subscription())
        assert await home.delivery_ended(bill) is DeliveryState.UNKNOWN
        assert len(home.mailbox.mails) == 2


async def test_a_silence_is_never_repeated_when_the_mail_holds_paddles_own_link(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, LINK_MINT="send") as home:
        home.mailbox.drop_after_data()
        bill = home.twin.world.decline(home.add_subscription())

        async def is_unknown() -> bool:
            case = await home.case(bill)
            return case is not None and case.delivery("first").is_settled(repeats=0)

        await until(is_unknown)
        case = await home.case(bill)
        assert case is not None
        assert case.delivery("first").state is DeliveryState.UNKNOWN
        assert len(home.mailbox.mails) == 1


async def test_a_refused_sender_holds_all_sending_until_it_is_mended(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.answer("mail", 550)
        bill = home.twin.world.decline(home.add_subscription())
        await until(lambda: _holds(home))
        case = await home.case(bill)
        assert case is not None
        assert case.delivery("first").state is DeliveryState.PLANNED
        assert case.delivery("first").tries == 0
        await home.store.counters._redis.delete("dunning:probe")  # half a minute later
        assert await home.delivery_ended(bill) is DeliveryState.SENT
        await until(lambda: _released(home))


@pytest.mark.parametrize("stage", ["rcpt", "message"])
async def test_a_denied_relay_burns_no_step_and_the_mail_goes_out_once_it_is_mended(
    redis_url: str, tmp_path: Path, stage: str
) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.answer(stage, 554, text="5.7.1 <ada@customer.example>: Relay access denied")
        bill = home.twin.world.decline(home.add_subscription())
        assert await until(lambda: _holds(home)) == ["mail_relay"]
        await until(lambda: _is_let_go(home, bill))  # the hold is noted first
        case = await home.case(bill)
        assert case is not None
        assert case.delivery("first").state is DeliveryState.PLANNED
        assert case.delivery("first").tries == 0
        await home.store.counters._redis.delete("dunning:probe")  # half a minute later
        assert await home.delivery_ended(bill) is DeliveryState.SENT


async def test_a_payment_while_the_mail_server_hesitates_stops_the_mail(redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path) as home:
        home.mailbox.stall("rcpt")
        bill = home.twin.world.decline(home.add_subscription())
        await until(lambda: _is_claimed(home, bill))
        home.twin.world.pay(bill)
        await home.case_ended(bill)
        await until(lambda: _is_let_go(home, bill))
        assert home.mailbox.mails == []


async def _counters(home: House) -> dict[str, int]:
    return (await home.store.health.snapshot(datetime.now(UTC))).counters


async def _holds(home: House) -> list[str]:
    return [hold.word for hold in await home.store.holds.all()]


async def _released(home: House) -> bool:
    return not await home.store.holds.all()


async def _is_claimed(home: House, bill: str) -> bool:
    case = await home.case(bill)
    return case is not None and case.delivery("first").owner is not None


async def _is_let_go(home: House, bill: str) -> bool:
    case = await home.case(bill)
    return case is not None and case.delivery("first").owner is None and not home.worker.tasks
