import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from dunning.errors import OperatorMustActError, TransientError
from dunning.reasons import HoldWord
from dunning.store import Store, keys
from dunning.store.server.embedded import EmbeddedServer
from tests.integration.at_rest import NOW, later, of_transaction, open_case, opened, raised, redis_of
from tests.until import until


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that the test may stop, freeze and misconfigure."""
    with EmbeddedServer(tmp_path / "data", tcp=True) as server:
        yield server


async def refusal(server: EmbeddedServer) -> OperatorMustActError:
    async with opened(server.url) as store:
        return await raised(OperatorMustActError, store.health.ready(NOW))


async def test_a_redis_that_answers_and_writes_is_ready(store: Store) -> None:
    await store.health.ready(NOW)

    assert await redis_of(store).get(keys.PULSE) == b"1777896000000"


async def test_a_redis_that_is_away_does_not_answer(own_server: EmbeddedServer) -> None:
    async with opened(own_server.url) as store:
        await store.health.ready(NOW)
        own_server.stop()

        error = await raised(TransientError, store.health.ready(NOW))

    assert str(error).startswith("Redis does not answer (ConnectionError): DUNNING_REDIS_URL should name a server")


async def test_a_redis_that_hangs_does_not_answer(own_server: EmbeddedServer) -> None:
    async with opened(own_server.url) as store:
        await store.health.ready(NOW)
        os.kill(own_server.pid, signal.SIGSTOP)
        try:
            error = await raised(TransientError, store.health.ready(NOW))
        finally:
            os.kill(own_server.pid, signal.SIGCONT)

        assert str(error).startswith("Redis does not answer (TimeoutError)")
        await store.health.ready(NOW)


async def test_a_redis_that_comes_back_is_ready_on_the_connections_we_had(own_server: EmbeddedServer) -> None:
    async with opened(own_server.url) as store:
        await store.health.ready(NOW)
        own_server.stop()
        own_server.start()

        await store.health.ready(NOW)


async def test_scripts_are_sent_again_to_a_redis_that_forgot_them(own_server: EmbeddedServer) -> None:
    async with opened(own_server.url) as store:
        await store.inbox.accept(of_transaction(), NOW)
        own_server.stop()
        own_server.start()

        await store.inbox.accept(of_transaction(), NOW)

        assert await redis_of(store).zcard(keys.INBOX) == 2


async def test_a_redis_out_of_memory_refuses_writes(own_server: EmbeddedServer) -> None:
    with Redis.from_url(own_server.url) as redis:
        redis.config_set("maxmemory", 1)

    error = await refusal(own_server)

    assert (str(error), error.hold) == (
        "Redis refuses writes (OOM): its memory is full; give it more, by maxmemory.",
        "redis_refuses_writes",
    )


async def test_a_replica_refuses_writes(own_server: EmbeddedServer) -> None:
    with Redis.from_url(own_server.url) as redis:
        redis.replicaof("127.0.0.1", 1)

    assert (
        str(await refusal(own_server))
        == "Redis refuses writes (READONLY): this is a replica; DUNNING_REDIS_URL should name the master."
    )


async def test_a_redis_that_cannot_save_refuses_writes(own_server: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "data" / "dump.rdb" / "in the way").mkdir(parents=True)
    with Redis.from_url(own_server.url) as redis:
        redis.config_set("save", "3600 1")
        redis.bgsave()

        async def failed() -> bool:
            info = await asyncio.to_thread(redis.info, "persistence")
            return bool(info["rdb_last_bgsave_status"] == "err")

        await until(failed)

        error = await refusal(own_server)
        redis.config_set("save", "")  # or it would not stop before it has saved

    assert str(error) == "Redis refuses writes (MISCONF): it can't write to its disk; make room there."


async def test_a_login_that_is_not_allowed_to_write_is_for_the_operator_to_mend(own_server: EmbeddedServer) -> None:
    with Redis.from_url(own_server.url) as redis:
        redis.acl_setuser("reader", enabled=True, passwords=["+secret"], categories=["+@read"], keys=["*"])

    async with opened(own_server.url.replace("//", "//reader:secret@")) as store:
        error = await raised(OperatorMustActError, store.health.ready(NOW))

    assert str(error) == "Redis refuses the command EVALSHA (NOPERM): its ACL should let Dunning's user run it."


async def test_an_empty_store_has_nothing_to_tell(store: Store) -> None:
    snapshot = await store.health.snapshot(NOW)

    assert snapshot.counters == {}
    assert set(snapshot.gauges.values()) == {0.0}


async def test_a_batch_that_waits_is_as_old_as_it_is_though_it_stands_before_all_events(store: Store) -> None:
    await store.inbox.accept(of_transaction(), later(seconds=-7))
    await open_case(store, due_at=later(seconds=-30))
    await store.due.sweep(later(seconds=-9), calls_per_case=0)

    assert (await store.health.snapshot(NOW)).gauges["oldest_queued_job_seconds"] == 9.0


async def test_the_snapshot_tells_counters_and_what_waits_and_for_how_long(store: Store) -> None:
    await store.counters.add("webhooks_accepted", 2)
    await store.counters.add("webhooks_accepted")
    await open_case(store, due_at=later(seconds=-30))
    await open_case(store, due_at=later(days=1))
    await store.inbox.accept(of_transaction(), later(seconds=-7))
    await store.inbox.accept(dead := of_transaction(), later(seconds=-3))
    await store.inbox.give_up(dead.id, "fault", NOW)
    await store.limiter.ask(3, background=False)
    await store.holds.raise_(OperatorMustActError("Look.", hold=HoldWord.MAIL_LOGIN), NOW)
    await store.suppressions.add("key", "complaint", NOW)

    snapshot = await store.health.snapshot(NOW)

    assert snapshot.counters == {"webhooks_accepted": 3}
    assert snapshot.gauges == {
        "oldest_due_seconds": 30.0,
        "mail_in_vain_seconds": 0.0,
        "paddle_in_vain_seconds": 0.0,
        "oldest_unhandled_event_seconds": 7.0,
        "oldest_queued_job_seconds": 7.0,
        "open_cases": 2.0,
        "unhandled_events": 1.0,
        "queued_jobs": 2.0,
        "dead_events": 1.0,
        "api_grants": 3.0,
        "holds": 1.0,
        "clocks_off": 0.0,
        "webhooks_silent_seconds": 0.0,
        "worker_silent_seconds": 0.0,
        "suppressed": 1.0,
        "waiting_out_webhooks": 0.0,
        "oldest_out_webhook_seconds": 0.0,
        "dead_out_webhooks": 0.0,
        "paused": 0.0,
        "paused_campaigns": 0.0,
        "breaker_tripped": 0.0,
        "reconcile_waiting": 0.0,
    }


async def test_what_is_due_later_has_no_age(store: Store) -> None:
    await open_case(store, due_at=later(days=1))

    assert (await store.health.snapshot(NOW)).gauges["oldest_due_seconds"] == 0.0
