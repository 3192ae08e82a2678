"""Every process and Redis, killed with SIGKILL under load."""

from pathlib import Path

import pytest

from tests.chaos.conftest import LONG, PATIENCE, Report
from tests.chaos.history import Round, judge
from tests.chaos.kill_round import REDIS, WEBHOOKS, WORKER, kill_round, order

ALL = (WEBHOOKS, WORKER, REDIS)
ROUNDS = [((victim,), seed) for seed in (1, 2) for victim in ALL] + [(ALL, seed) for seed in range(3, 7)]
KILLS = 20 if LONG else 9
DECLINES_A_KILL = 10


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("victims", "seed"), ROUNDS if LONG else [(ALL, 1)])
async def test_every_kill_is_survived(victims: tuple[str, ...], seed: int, tmp_path: Path, report: Report) -> None:
    async with kill_round(tmp_path, seed, PATIENCE) as round_:
        for victim in order(victims, KILLS, seed):
            await round_.kill_amid(victim, DECLINES_A_KILL)
        if WORKER in victims:
            await round_.kill_in_the_gap()
        await round_.let_a_minute_pass()
        history = await round_.settle()

    verdict = judge(history)
    report.rounds.append(
        Round(
            victims=", ".join(victims),
            kills=round_.kills,
            declined=len(round_.recipients),
            acknowledged=len(history.acknowledged),
            caught=len(history.caught),
            verdict=verdict,
        )
    )
    assert verdict.lost == []
    assert verdict.wrong == []
    assert len(verdict.doubled) <= len(history.caught)
    assert len(history.mails) == len(round_.recipients) + len(verdict.doubled)
    assert bool(verdict.doubled) == (WORKER in victims)
