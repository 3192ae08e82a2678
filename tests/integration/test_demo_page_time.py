"""Running time forward: to where it was asked to, with a stop at whatever is due on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.demo.page.fast_forward import PATIENCE, FastForward
from cli.lab.clock import ShiftedClock
from tests.until import until


class Diary:
    """Things that are due, and when each was seen to be."""

    def __init__(self, *due_at: datetime) -> None:
        self.due_at = list(due_at)
        self.reached: list[datetime] = []
        self.quiet = True

    async def next_stop(self, now: datetime) -> datetime | None:
        return min((at for at in self.due_at if at > now), default=None)

    async def act(self, now: datetime) -> None:
        self.reached.append(now)

    async def is_quiet(self, now: datetime) -> bool:
        del now
        return self.quiet


@pytest.fixture
def clock(tmp_path: Path) -> ShiftedClock:
    return ShiftedClock(tmp_path / "ahead")


@asynccontextmanager
async def running(clock: ShiftedClock, diary: Diary, patience: timedelta = PATIENCE) -> AsyncIterator[FastForward]:
    """Run without the pauses that are for people."""

    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0.001)

    time = FastForward(clock, diary, patience=patience, sleep=sleep)
    task = asyncio.create_task(time.run())
    try:
        yield time
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def at_rest(time: FastForward) -> None:
    async def rests() -> bool:
        return time.target is None

    await until(rests)


def test_without_its_file_a_clock_tells_real_time(clock: ShiftedClock) -> None:
    assert clock.ahead == timedelta(0)
    assert clock() - datetime.now(UTC) < timedelta(seconds=1)


def test_whoever_shares_the_file_shares_the_time(clock: ShiftedClock) -> None:
    clock.forward_to(clock() + timedelta(days=3))

    assert ShiftedClock(clock.path)() > datetime.now(UTC) + timedelta(days=2)


def test_a_clock_never_runs_back(clock: ShiftedClock) -> None:
    clock.forward_to(clock() + timedelta(days=3))
    clock.forward_to(clock() - timedelta(days=1))

    assert clock.ahead > timedelta(days=2)


async def test_time_runs_to_where_it_was_asked_to(clock: ShiftedClock) -> None:
    target = clock() + timedelta(hours=5)

    async with running(clock, Diary()) as time:
        time.run_to(target)
        await at_rest(time)

    assert target <= clock() < target + timedelta(minutes=1)


async def test_each_thing_that_is_due_on_the_way_happens_at_its_time(clock: ShiftedClock) -> None:
    first, second = clock() + timedelta(hours=1), clock() + timedelta(hours=2)
    diary = Diary(first, second)

    async with running(clock, diary) as time:
        time.run_to(clock() + timedelta(hours=3))
        await at_rest(time)

    assert [at - due < timedelta(minutes=1) for at, due in zip(diary.reached, (first, second), strict=True)] == [
        True
    ] * 2


async def test_time_runs_to_the_next_thing_that_is_due(clock: ShiftedClock) -> None:
    diary = Diary(clock() + timedelta(hours=2), clock() + timedelta(days=9))

    async with running(clock, diary) as time:
        began = await time.run_to_next_stop()
        await at_rest(time)

    assert began
    assert len(diary.reached) == 1
    assert clock.ahead < timedelta(hours=3)


async def test_with_nothing_due_there_is_no_next_step(clock: ShiftedClock) -> None:
    async with running(clock, Diary()) as time:
        assert not await time.run_to_next_stop()

    assert clock.ahead == timedelta(0)


async def test_time_waits_for_work_to_be_done(clock: ShiftedClock) -> None:
    diary = Diary()
    diary.quiet = False

    async with running(clock, diary) as time:
        time.run_to(clock() + timedelta(hours=1))
        await asyncio.sleep(0.05)
        waited = clock.ahead
        diary.quiet = True
        await at_rest(time)

    assert waited == timedelta(0)
    assert clock.ahead > timedelta(minutes=59)


async def test_work_that_never_ends_is_not_waited_for_for_ever(clock: ShiftedClock) -> None:
    diary = Diary()
    diary.quiet = False

    async with running(clock, diary, patience=timedelta(0)) as time:
        time.run_to(clock() + timedelta(hours=1))
        await at_rest(time)

    assert clock.ahead > timedelta(minutes=59)


async def test_time_that_is_stopped_stays_where_it_is(clock: ShiftedClock) -> None:
    async with running(clock, Diary()) as time:
        time.run_to(clock() + timedelta(days=30))
        await until(lambda: moved(clock))
        time.stop()
        await time.standing.acquire()
        stopped = clock.ahead
        time.standing.release()
        await asyncio.sleep(0.05)

    assert clock.ahead == stopped
    assert stopped < timedelta(days=29)


async def test_time_stands_still_for_whoever_changes_the_world(clock: ShiftedClock) -> None:
    async with running(clock, Diary()) as time:
        time.run_to(clock() + timedelta(days=30))
        async with time.standing:
            before = clock.ahead
            await asyncio.sleep(0.05)
            assert clock.ahead == before


async def moved(clock: ShiftedClock) -> bool:
    return clock.ahead > timedelta(0)
