"""A short storm against real processes is survived. `make storms` plays many long ones."""

import pytest

from tests.e2e.faked_clock import needs_libfaketime
from tests.storms.checker import judge
from tests.storms.play import play
from tests.storms.schedule import Kind, draw

SEED, CASES, WORKERS = 9, 15, 2
KINDS = (Kind.KILL_WORKER, Kind.KILL_REDIS, Kind.CUT_REDIS, Kind.MAIL_CUTS, Kind.PADDLE_WRONG, Kind.WEBHOOKS_LOST)


@needs_libfaketime
@pytest.mark.timeout(900)
async def test_a_short_storm_is_survived() -> None:
    storm = draw(SEED, CASES, KINDS)

    history = await play(storm, workers=WORKERS)

    assert judge(history) == [], f"python -m tests.storms --seed {SEED}"
    assert len(history.debts) >= CASES
    assert len(history.mails) >= CASES
    assert any(click.leads == "portal" for click in history.clicks)
