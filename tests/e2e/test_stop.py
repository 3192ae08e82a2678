"""SIGTERM ends both processes, with exit code 0 and within 60 s, whatever they are at."""

import signal

import pytest

from dunning.rules.delivery import DeliveryState
from tests.e2e.service import Service


@pytest.mark.parametrize("name", ["webhooks", "worker"])
async def test_an_idle_process_ends(name: str, service: Service) -> None:
    assert await service.terminate(name) == 0


async def test_a_worker_that_has_worked_ends(service: Service) -> None:
    await service.delivery_ended(await service.decline())

    assert await service.terminate("worker") == 0


@pytest.mark.parametrize("name", ["webhooks", "worker"])
async def test_a_process_ends_while_redis_is_away(name: str, service: Service) -> None:
    await service.delivery_ended(await service.decline())
    service.server.stop()

    exit_code = await service.terminate(name)
    service.server.start()

    assert exit_code == 0


async def test_a_worker_ends_while_redis_does_not_answer(service: Service) -> None:
    await service.delivery_ended(await service.decline())
    service.signal_redis(signal.SIGSTOP)

    exit_code = await service.terminate("worker")
    service.signal_redis(signal.SIGCONT)

    assert exit_code == 0


async def test_a_send_under_way_is_given_its_time_and_the_mail_is_sent_by_the_next_worker(service: Service) -> None:
    await service.plan_fault("data", "stall")
    case_id = await service.decline()
    await service.fault_carried_out()

    exit_code = await service.terminate("worker")
    await service.stack.start("worker")
    await service.delivery_ended(case_id)

    assert exit_code == 0
    assert "first planned: data_timeout" in await service.story(case_id)
    assert len(await service.stack.mails()) == 1


async def test_a_send_under_way_is_finished_before_the_worker_ends(service: Service) -> None:
    await service.plan_fault("message", "stall")
    case_id = await service.decline()
    await service.fault_carried_out()

    exit_code = await service.terminate("worker")
    case = await service.store.cases.read(case_id)

    assert exit_code == 0
    assert case is not None
    assert case.delivery("first").state is DeliveryState.UNKNOWN
    assert "first unknown: timeout_after_data" in await service.story(case_id)
