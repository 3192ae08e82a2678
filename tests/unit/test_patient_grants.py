"""Work that nobody waits for takes its time: measured against a limiter that notes when it was asked."""

import asyncio
from dataclasses import dataclass, field

from dunning.paddle_api.grants import Grant
from tests.paddle_client import RecordingLimiter
from worker.reconcile.patient_grants import PatientGrants


@dataclass
class BusyLimiter(RecordingLimiter):
    """Has no room the first times it is asked."""

    refusals: int = 0
    asked_at: list[float] = field(default_factory=list)

    async def ask(self, count: int, *, background: bool) -> list[Grant] | None:
        self.asked_at.append(asyncio.get_running_loop().time())
        self.has_room = len(self.asked_at) > self.refusals
        return await super().ask(count, background=background)


async def test_every_grant_is_asked_for_as_background_work() -> None:
    limiter = BusyLimiter()
    grants = PatientGrants(limiter, 100_000)

    taken = [await grants() for _ in range(3)]

    assert [grant.id for grant in taken] == ["asked-1", "asked-2", "asked-3"]
    assert limiter.asked == [(1, True)] * 3


async def test_between_two_grants_is_the_pause_that_leaves_four_fifths_to_others() -> None:
    limiter = BusyLimiter()
    grants = PatientGrants(limiter, 3_000)  # a fifth is ten a second

    for _ in range(3):
        await grants()

    first, *_, last = limiter.asked_at
    assert last - first > 0.19  # a clock may be a little ahead of its timers


async def test_where_there_is_no_room_it_waits_until_there_is() -> None:
    limiter = BusyLimiter(refusals=1)

    grant = await PatientGrants(limiter, 100_000)()

    assert (grant.id, len(limiter.asked)) == ("asked-2", 2)


async def test_it_says_before_each_time_of_asking_that_it_lives() -> None:
    said = []

    async def alive() -> None:
        said.append("alive")

    grants = PatientGrants(BusyLimiter(refusals=1), 100_000, alive)
    await grants()

    assert said == ["alive"] * 2
