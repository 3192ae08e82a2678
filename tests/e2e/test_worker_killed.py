"""A worker killed at any point: nothing is lost, and a mail is doubled only in the one narrow gap."""

import signal

import pytest

from dunning.rules.delivery import DeliveryState
from tests.e2e.service import Service

# What a killed worker held comes back after its lease of 60 s.
LONG = pytest.mark.timeout(240)


async def test_killed_while_events_wait_the_next_worker_handles_them(service: Service) -> None:
    service.part("worker").process.send_signal(signal.SIGSTOP)
    case_ids = [await service.decline() for _ in range(5)]
    await service.acknowledged()

    await service.part("worker").kill()
    await service.stack.start("worker")
    for case_id in case_ids:
        await service.delivery_ended(case_id)

    assert len(await service.stack.mails()) == 5


@LONG
async def test_killed_in_the_gap_the_same_mail_is_sent_once_more_and_flagged(service: Service) -> None:
    await service.plan_fault("message", "stall")
    case_id = await service.decline()
    await service.mails()

    await service.part("worker").kill()
    await service.stack.start("worker")
    delivery = await service.delivery_ended(case_id)

    first, second = await service.stack.mails()
    counters = (await service.get("/metrics"))[1]
    assert delivery.state is DeliveryState.SENT
    assert first == second
    assert first["headers"].keys() >= {"message-id", "date"}
    assert "first sent: smtp_250, repeated" in await service.story(case_id)
    assert "dunning_deliveries_repeated_total 1.0" in counters


@LONG
async def test_killed_before_data_one_mail_is_sent_in_the_end(service: Service) -> None:
    await service.plan_fault("rcpt", "stall")
    case_id = await service.decline()
    await service.fault_carried_out()

    await service.part("worker").kill()
    await service.stack.start("worker")
    delivery = await service.delivery_ended(case_id)

    assert (delivery.state, delivery.unknowns) == (DeliveryState.SENT, 0)
    assert len(await service.stack.mails()) == 1


@LONG
async def test_killed_amid_many_no_mail_is_lost_and_none_doubled_unflagged(service: Service) -> None:
    case_ids = [await service.decline() for _ in range(20)]
    await service.mails()

    await service.part("worker").kill()
    await service.stack.start("worker")
    deliveries = [await service.delivery_ended(case_id) for case_id in case_ids]

    mails = await service.stack.mails()
    doubled = len(mails) - len({mail["headers"]["message-id"] for mail in mails})
    assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
    assert len({mail["recipients"][0] for mail in mails}) == 20
    assert doubled <= sum(delivery.unknowns for delivery in deliveries)
