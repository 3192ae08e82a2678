import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from dunning.watch.alive import touch_forever
from tests.dunning_process import ENVIRONMENT, dunning
from tests.until import until


async def test_a_worker_shows_that_it_works_although_redis_is_away(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    environ = ENVIRONMENT | {"DUNNING_REDIS_URL": "redis://127.0.0.1:1/0"}
    with dunning("worker", "--alive", str(alive), environ=environ):

        async def is_there() -> bool:
            return alive.exists()

        await until(is_there)


async def test_a_file_that_can_not_be_written_ends_nothing(tmp_path: Path) -> None:
    with capture_logs() as logs:
        touching = asyncio.create_task(touch_forever(tmp_path / "nowhere" / "alive"))
        await asyncio.sleep(0)
        assert not touching.done()
        touching.cancel()
        await asyncio.gather(touching, return_exceptions=True)

    assert [line["event"] for line in logs] == ["alive.not_written"]
