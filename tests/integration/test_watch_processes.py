from datetime import UTC, datetime, timedelta

from dunning.store import Role, Store
from dunning.watch.watcher import Watcher
from tests.integration.edge import running, settings
from tests.until import until


async def test_webhooks_shows_that_it_lives(redis_url: str) -> None:
    async with running(settings(redis_url, PUBLIC_URL="http://127.0.0.1:1")) as edge:

        async def is_seen() -> bool:
            return "dunning_worker_silent_seconds" in await edge.metrics()

        await until(is_seen)


async def test_a_process_whose_clock_is_off_says_so(redis_url: str, store: Store, now: datetime) -> None:
    given = settings(redis_url, PUBLIC_URL="http://127.0.0.1:1")
    wrong = Watcher(given, store, Role.WORKER, machine_clock=lambda: datetime.now(UTC) + timedelta(seconds=7))
    right = Watcher(given, store, Role.WEBHOOKS)

    await wrong.look()
    await right.look()

    assert (await store.health.snapshot(now)).gauges["clocks_off"] == 1


async def test_a_redis_that_is_away_is_waited_for(redis_url: str) -> None:
    nobody = Store.open("redis://127.0.0.1:1/0", rate_limit=200)
    await Watcher(settings(redis_url), nobody, Role.WORKER).look()
    await nobody.close()
