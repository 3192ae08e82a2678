"""The sweep goes on, whatever happens to it, unless this machine's clock can't be trusted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.integration.house import house
from tests.until import until
from worker import sweep
from worker.services import WorkerServices, check_templates, open_services


@dataclass
class Faulty:
    """A due index that breaks the first time it is swept, as a fault of ours would."""

    real: Any
    sweeps: int = 0

    async def sweep(self, now: datetime, **wanted: Any) -> Any:  # noqa: ANN401 - as the real one answers
        """Break once."""
        self.sweeps += 1
        if self.sweeps == 1:
            raise KeyError
        return await self.real.sweep(now, **wanted)


@asynccontextmanager
async def services_of(redis_url: str, folder: Path) -> AsyncIterator[WorkerServices]:
    async with house(redis_url, folder, working=False) as home:
        services = open_services(home.settings, redis_url, check_templates(home.settings))
        yield services
        await services.close()


async def test_a_fault_is_told_and_the_sweep_goes_on(redis_url: str, tmp_path: Path) -> None:
    async with services_of(redis_url, tmp_path) as services:
        faulty = Faulty(services.store.due)
        services.store.due = faulty  # type: ignore[assignment] # it answers as the real one does
        with capture_logs() as logs:
            task = asyncio.create_task(sweep.sweep_forever(services, lambda: faulty.sweeps < 3))
            await asyncio.wait_for(task, 10)
        assert "sweep.fault" in {entry["event"] for entry in logs}


async def test_a_worker_that_has_enough_in_hand_leaves_what_is_due_to_others(redis_url: str, tmp_path: Path) -> None:
    async with services_of(redis_url, tmp_path) as services:
        watched = Faulty(services.store.due, sweeps=1)
        services.store.due = watched  # type: ignore[assignment] # it answers as the real one does
        services.in_hand.update(f"txn_{number}" for number in range(sweep.ENOUGH_IN_HAND))
        turns = count(1)
        await sweep.sweep_forever(services, lambda: next(turns) <= 3)
        assert watched.sweeps == 1

        services.in_hand.pop()
        turns = count(1)
        await sweep.sweep_forever(services, lambda: next(turns) <= 3)
        assert watched.sweeps == 4


@pytest.mark.parametrize("off", [timedelta(minutes=-1), timedelta(minutes=1)])
async def test_a_worker_whose_clock_is_wrong_does_not_sweep_and_says_so(
    redis_url: str, tmp_path: Path, off: timedelta
) -> None:
    async with services_of(redis_url, tmp_path) as services:
        wrong = replace(services, machine_clock=lambda: datetime.now(UTC) + off)
        picks = True
        with capture_logs() as logs:
            task = asyncio.create_task(sweep.sweep_forever(wrong, lambda: picks))
            await until(lambda: _told(logs))
            picks = False
            await asyncio.wait_for(task, 10)
        assert "clock.skewed" in {entry["event"] for entry in logs}


async def _told(logs: list[Any]) -> bool:
    return bool(logs)
