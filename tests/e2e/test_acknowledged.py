"""What was answered 200 is not lost, whoever is killed right after it."""

import signal

from tests.e2e.service import Service


async def test_webhooks_killed_right_after_a_200_loses_nothing(service: Service) -> None:
    await service.keep_notifications()
    case_id = await service.decline()

    status = await service.notify(case_id, "transaction.past_due")
    await service.part("webhooks").kill()
    await service.delivery_ended(case_id)

    assert status == 200
    assert len(await service.stack.mails()) == 1


async def test_redis_killed_right_after_a_200_loses_nothing(service: Service) -> None:
    await service.keep_notifications()
    case_id = await service.decline()

    status = await service.notify(case_id, "transaction.past_due")
    service.signal_redis(signal.SIGKILL)
    service.server.stop()
    service.server.start()
    await service.delivery_ended(case_id)

    assert status == 200
    assert len(await service.stack.mails()) == 1


async def test_all_killed_right_after_a_200_lose_nothing(service: Service) -> None:
    await service.keep_notifications()
    await service.part("worker").kill()
    case_id = await service.decline()

    status = await service.notify(case_id, "transaction.past_due")
    service.signal_redis(signal.SIGKILL)
    await service.part("webhooks").kill()
    service.server.stop()
    service.server.start()
    await service.stack.start("worker")
    await service.delivery_ended(case_id)

    assert status == 200
    assert len(await service.stack.mails()) == 1
