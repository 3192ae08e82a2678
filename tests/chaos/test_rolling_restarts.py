"""Every process and Redis restarted in order under load, as a new version is rolled out: nobody notices."""

from pathlib import Path

import pytest

from tests.chaos.conftest import PATIENCE
from tests.chaos.history import judge
from tests.chaos.kill_round import REDIS, WEBHOOKS, WORKER, kill_round, order

RESTARTS = 9
DECLINES_A_RESTART = 10


@pytest.mark.timeout(900)
async def test_restarts_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    async with kill_round(tmp_path, 1, PATIENCE) as round_:
        codes = [
            await round_.restart_amid(victim, DECLINES_A_RESTART)
            for victim in order((WEBHOOKS, WORKER, REDIS), RESTARTS, 1)
        ]
        history = await round_.settle()

    verdict = judge(history)
    assert codes == [0] * RESTARTS
    assert (verdict.lost, verdict.doubled, verdict.wrong) == ([], [], [])
    assert len(history.mails) == len(history.recipients) == RESTARTS * DECLINES_A_RESTART
