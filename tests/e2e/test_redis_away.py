"""Both processes outlive a Redis that goes away, and one that is there and takes nothing."""

from redis import Redis

from tests.e2e.service import Service


async def test_while_redis_is_away_paddle_is_asked_to_come_again(service: Service) -> None:
    service.server.stop()
    await service.decline()
    await service.answered(503)

    alive, _ = await service.get("/healthz")
    ready, why = await service.get("/readyz")
    counted, metrics = await service.get("/metrics")
    service.server.start()

    assert (alive, ready, counted) == (200, 503, 200)
    assert why.startswith("Redis does not answer")
    assert "dunning_redis_up 0.0" in metrics
    assert len(await service.mails()) == 1


async def test_both_processes_go_on_after_redis_came_back(service: Service) -> None:
    await service.delivery_ended(await service.decline())
    service.server.stop()
    await service.logged("worker", "sweep.redis_is_away")
    service.server.start()

    case_id = await service.decline()
    await service.delivery_ended(case_id)

    assert len(await service.stack.mails()) == 2
    assert (await service.get("/readyz"))[0] == 200


async def test_both_processes_can_be_started_while_redis_is_away(service: Service) -> None:
    assert await service.terminate("webhooks") == 0
    assert await service.terminate("worker") == 0
    service.server.stop()
    await service.stack.start("webhooks")
    await service.stack.start("worker")
    await service.logged("webhooks", "webhooks.listening", times=2)
    await service.logged("worker", "worker.starting", times=2)

    alive, _ = await service.get("/healthz")
    ready, _ = await service.get("/readyz")
    service.server.start()
    await service.decline()

    assert (alive, ready) == (200, 503)
    assert len(await service.mails()) == 1


async def test_a_redis_that_refuses_writes_is_told_and_loses_nothing(service: Service) -> None:
    assert await service.terminate("worker") == 0
    acknowledged = await service.decline()
    await service.acknowledged()

    with Redis.from_url(service.redis_url) as redis:
        redis.config_set("maxmemory", 1)
        await service.stack.start("worker")
        refused = await service.decline()
        await service.answered(503)
        await service.logged("worker", "worker.broke", times=2)
        ready, why = await service.get("/readyz")
        redis.config_set("maxmemory", 0)
    await service.delivery_ended(acknowledged)
    await service.delivery_ended(refused)

    assert ready == 503
    assert why.startswith("Redis refuses writes")
    assert service.part("worker").process.returncode is None
    assert len(await service.stack.mails()) == 2


async def test_a_redis_that_refuses_writes_while_the_worker_runs_does_not_end_it(service: Service) -> None:
    await service.delivery_ended(await service.decline())

    with Redis.from_url(service.redis_url) as redis:
        redis.config_set("maxmemory", 1)
        case_id = await service.decline()
        await service.answered(503)
        redis.config_set("maxmemory", 0)
    await service.delivery_ended(case_id)

    assert service.part("worker").process.returncode is None
    assert len(await service.stack.mails()) == 2
