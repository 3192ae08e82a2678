"""Who works in a storm without processes: each takes its moments, and may stand still, die, or go by a wrong clock."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import ParamSpec, Protocol, TypeVar

from arq import Retry

from cli.plan.simulate.asked import AskedPaddle
from cli.plan.simulate.mortal import Killed, watched
from cli.plan.simulate.paddle import Paddle
from cli.plan.simulate.rehearsal import links, settings
from cli.plan.simulate.unwritten import Unwritten
from dunning.campaign_file.reader import parse_campaigns
from dunning.casebook.campaigns import Campaigns
from dunning.errors import TransientError
from dunning.jobs import TIMEOUTS, Job
from dunning.paddle_api.grants import Grant
from dunning.rules.campaign import Campaign
from dunning.store import REDIS_ERRORS
from dunning.time_limits import PADDLE_CALL
from tests.storms.history import History
from tests.storms.mail_in_memory import MailInMemory
from tests.storms.redis_in_memory import RedisInMemory
from tests.storms.schedule import CAMPAIGN, STORM_SECONDS, Schedule
from worker.adapter import adapt
from worker.chance import Chance
from worker.handle_event import give_up, handle_event, handle_events, leave_to_the_sweep
from worker.reconcile.forever import Rhythm, Runs
from worker.send.batch import leave_to_the_lease, send_steps
from worker.services import Services
from worker.sweep import has_enough, redrive_once, sweep_once

# How many moments there are in a second, on average: so few that jobs which take a second meet each other.
MOMENTS = 25
REDRIVE_SECONDS, REDRIVE_LATE = 5.0, 30.0
# How long a sweep waits for the next case: not long while lives go on, since more may be opened at any time.
SWEEP_SECONDS, SWEEP_AT_MOST, SWEEP_LATE = 0.2, 0.5, 20.0
RHYTHM = Rhythm()

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class World(Protocol):
    """What is around whoever works."""

    chance: random.Random
    history: History
    paddle: Paddle
    redis: RedisInMemory
    schedule: Schedule

    def seconds(self) -> float: ...
    def clock(self) -> datetime: ...
    def dispatch(self) -> None: ...
    def trouble(self) -> None: ...
    def paddle_takes(self) -> float: ...
    def died(self, process: "Process") -> None: ...


@cache
def campaigns() -> tuple[Campaign, ...]:
    """Return the storms' campaign."""
    return parse_campaigns(CAMPAIGN, "storm.toml")


class Process:
    """Somebody at work, who may stand still, die, or go by a wrong clock."""

    def __init__(self, house: World) -> None:
        self.killed = False
        self.dies_after: int | None = None
        """How many moments are left until it dies, if it is to."""
        self.dies_after_mail: int | None = None
        """The same, from the next mail on that it hands over."""
        self.stands_until = 0.0
        self.off = timedelta(0)
        self.house = house

    async def pass_by(self) -> None:
        """Take a moment.

        Raises:
            Killed: it was the last.
        """
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0 and not self.killed:
                self.killed = True
                self.house.died(self)
        if self.killed:
            raise Killed
        await asyncio.sleep(self.house.chance.expovariate(MOMENTS))
        while (left := self.stands_until - self.house.seconds()) > 0:  # noqa: ASYNC110 - it may be stopped once more
            await asyncio.sleep(left)
        if self.killed:
            raise Killed

    def has_mailed(self) -> None:
        """Hear that a mail was taken, which nobody has noted yet."""
        if self.dies_after_mail is not None:
            self.dies_after = self.dies_after_mail

    def clock(self) -> datetime:
        """Return the time, as far as it knows."""
        return self.house.clock() + self.off


class _SlowPaddle(AskedPaddle):
    """Answers when it will, or too late."""

    def __init__(self, house: World) -> None:
        super().__init__(house.paddle, house.redis.limiter, house.clock, house.trouble)
        self._house = house

    async def _pay_with(self, grant: Grant) -> None:
        takes = self._house.paddle_takes()
        await asyncio.sleep(min(takes, PADDLE_CALL.total_seconds()))
        await super()._pay_with(grant)
        if takes > PADDLE_CALL.total_seconds():
            raise TransientError("Paddle did not answer in time.")


class Worker(Process):
    """A worker with what it works with."""

    def __init__(self, house: World) -> None:
        super().__init__(house)
        mail = MailInMemory(house.history, house.schedule.faults, house.seconds, house.chance, self)
        self.services = watched(
            Services(
                settings=replace(settings(), campaigns=campaigns(), breaker="off"),
                store=house.redis,
                paddle=_SlowPaddle(house),
                transport=mail,
                renderer=Unwritten(),
                links=links(),
                campaigns=Campaigns(house.redis, campaigns()),
                clock=self.clock,
                chance=Chance(house.chance),
            ),
            self,
        )
        self.jobs = {
            Job.HANDLE_EVENTS: adapt(handle_events, leave_to_the_sweep),
            Job.HANDLE_EVENT: adapt(handle_event, give_up),
            Job.SEND_STEPS: adapt(send_steps, leave_to_the_lease),
        }

    async def sweep(self) -> None:
        """Sweep for ever, whenever something is due."""
        house = self.house
        while True:
            first_due = min(house.redis.store.kept.due.values(), default=datetime.max.replace(tzinfo=UTC))
            until_due = (first_due - self.clock()).total_seconds()
            if until_due <= 0 and not has_enough(self.services):
                with contextlib.suppress(*REDIS_ERRORS):
                    await sweep_once(self.services, None)
                house.dispatch()
            longest = SWEEP_AT_MOST if house.seconds() < 2 * STORM_SECONDS else SWEEP_LATE
            await asyncio.sleep(max(SWEEP_SECONDS, min(until_due, longest)))

    async def redrive(self) -> None:
        """Queue again what was lost, for ever."""
        while True:
            await asyncio.sleep(REDRIVE_SECONDS if self.house.seconds() < 2 * STORM_SECONDS else REDRIVE_LATE)
            if self.house.redis.store.kept.inbox:
                with contextlib.suppress(*REDIS_ERRORS):
                    await redrive_once(self.services)
                self.house.dispatch()

    async def reconcile(self) -> None:
        """Reconcile for ever, as `reconcile_forever` does it, without threads."""
        runs, began = Runs(self.services, in_thread=_here), self.house.seconds()
        await asyncio.sleep(RHYTHM.first_after.total_seconds())
        while True:
            just_started = self.house.seconds() - began < RHYTHM.debts_soon.total_seconds()
            await runs.look(RHYTHM, just_started=just_started)
            self.house.dispatch()
            pause = RHYTHM.look_every if self.house.seconds() < 2 * STORM_SECONDS else RHYTHM.events_every
            await asyncio.sleep(pause.total_seconds())

    async def work(self, job: Job, *ids: object) -> None:
        """Do a job as arq does it: within its time, and again when it asks for that."""
        tries = 1
        while True:
            context = {"services": self.services, "job_id": job, "job_try": tries}
            try:
                await asyncio.wait_for(self.jobs[job](context, *ids), TIMEOUTS[job].total_seconds())
            except Retry as again:
                tries += 1
                await asyncio.sleep((again.defer_score or 0) / 1000)
            except TimeoutError:
                return
            else:
                return


async def _here(work: Callable[Asked, Answer], /, *args: Asked.args, **named: Asked.kwargs) -> Answer:
    return work(*args, **named)
