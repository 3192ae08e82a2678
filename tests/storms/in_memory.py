"""A storm without any process: the worker's own jobs in several workers at once, over a store in memory.

Everything takes its time, by a clock that is only a value, so that those who work at the same thing get in each other's
way. The faults that have a meaning here are the same as among real processes; clicks, leaks and ends have none.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.plan.simulate.mortal import Killed
from cli.plan.simulate.paddle import Happening, Paddle
from cli.plan.simulate.rehearsal import quietly
from dunning.errors import TransientError
from dunning.jobs import Job
from dunning.paddle.events import Event, TransactionFacts
from dunning.store import REDIS_ERRORS
from dunning.store.accepting import AT_MOST
from tests.storms.account_in_memory import AccountInMemory
from tests.storms.customers import Customers
from tests.storms.history import Case, Delivery, History, Notification, Span
from tests.storms.redis_in_memory import AWAY_SECONDS, RedisInMemory
from tests.storms.schedule import LIVES_SECONDS, Fault, Kind, Schedule
from tests.storms.virtual_loop import run
from tests.storms.workers_in_memory import MOMENTS, Process, Worker
from worker.reconcile.events import MISSED

BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WORKERS, RECEIVERS = 3, 2
# By then Dunning has read once more what is owed, an hour after its workers began.
LASTS_SECONDS = LIVES_SECONDS + 70 * 60
PADDLE_WAITS_SECONDS, MOST_ATTEMPTS = 5.0, 60
RESTART_SECONDS = 1.0
MOST_MOMENTS, MOMENTS_IN_THE_GAP = 60, 10
# Longer than it takes to note a mail when Redis has been away meanwhile.
GAP_SECONDS = 20.0
# Two clocks that are both wrong by this much are good enough: dunning.time_limits.LARGEST_CLOCK_SKEW.
CLOCK_OFF_SECONDS = 5.0
WEBHOOK_SECONDS, LATE_SECONDS, AGAIN_SECONDS = 0.4, 60.0, 3.0
PADDLE_SLOW_SECONDS, PADDLE_SHUTS_SECONDS = 4.0, 5.0
OF_REDIS = {Kind.KILL_REDIS, Kind.TEAR, Kind.FAIL_OVER}
FORGETS = {Kind.TEAR: 1.0, Kind.FAIL_OVER: 2.0}


def play(schedule: Schedule, *, reconciles: bool = True) -> History:
    """Play a storm, and return what was seen of it. The same schedule gives the same history.

    Unless it `reconciles`, nothing is read from Paddle that webhooks did not bring.
    """

    async def played() -> History:
        return await House(schedule, reconciles=reconciles).play()

    before = random.getstate()
    random.seed(schedule.seed)  # the way to arq draws its pauses there
    try:
        with quietly():
            return run(played())
    finally:
        random.setstate(before)


class House:
    """All of it, at one moment."""

    def __init__(self, schedule: Schedule, *, reconciles: bool) -> None:
        self.schedule = schedule
        self._reconciles = reconciles
        self.chance = random.Random(f"{schedule.seed} played")  # noqa: S311 - no secret
        self.history = History(schedule.rate_limit)
        loop = asyncio.get_running_loop()
        self.seconds = loop.time
        # Copied with all that Redis has, so it may be no method of ours.
        self.clock: Callable[[], datetime] = lambda: BEGAN + timedelta(seconds=loop.time())
        self.redis = RedisInMemory(self.clock, loop.time, schedule.rate_limit, schedule.faults, self.chance)
        self.paddle = Paddle(self._tell)
        self.workers = [Worker(self) for _ in range(WORKERS)]
        self.receivers = [Process(self) for _ in range(RECEIVERS)]
        self._customers = Customers(AccountInMemory(self.paddle, self.clock), self.history, loop.time)
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: list[tuple[Event, list[int]]] = []

    async def play(self) -> History:
        """Play it all."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_pass_over_death)
        for number, life in enumerate(self.schedule.lives):
            for act in life:
                loop.call_at(act.at, self._customers.act, number, act)
        for fault in self.schedule.faults:
            self._plan(fault)
        await self.workers[0].services.campaigns.keep()
        for worker in self.workers:
            self._begin(worker)
        await asyncio.sleep(LASTS_SECONDS)
        self._look_back()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return self.history

    def dispatch(self) -> None:
        """Hand the jobs that are queued to whoever is there."""
        there = [one for one in self.workers if not one.killed and one.stands_until <= self.seconds()]
        if self.redis.is_away() or not there:
            return
        kept = self.redis.store.kept
        while kept.events_queued:
            together = [kept.events_queued.popleft() for _ in range(min(AT_MOST, len(kept.events_queued)))]
            self._do(self.chance.choice(there), Job.HANDLE_EVENTS, together)
        while kept.events_alone:
            self._do(self.chance.choice(there), Job.HANDLE_EVENT, kept.events_alone.popleft())
        while kept.batches_queued:
            case_ids, grant_ids = kept.batches_queued.popleft()
            self._do(self.chance.choice(there), Job.SEND_STEPS, case_ids, grant_ids)

    def trouble(self) -> None:
        """Note a call to Paddle, and let it run into what is wrong there.

        Raises:
            TransientError: it does.
        """
        self.history.calls.append(self.seconds())
        if self._on(Kind.PADDLE_LIMITS) and self.chance.random() < 0.5:
            self.redis.store.limiter.on_hold.add("api", timedelta(seconds=PADDLE_SHUTS_SECONDS))
            raise TransientError("Paddle answered 429.")
        if self._on(Kind.PADDLE_WRONG) and self.chance.random() < 0.7:
            raise TransientError("Paddle answered 503.")

    def paddle_takes(self) -> float:
        """Return how long Paddle takes for an answer, in seconds."""
        return self.chance.expovariate(1 / PADDLE_SLOW_SECONDS if self._on(Kind.PADDLE_SLOW) else MOMENTS / 10)

    def _do(self, worker: Worker, job: Job, *ids: object) -> None:
        self._begin_task(worker.work(job, *ids))
        if self._on(Kind.CROWD):  # arq may run a job twice
            self._begin_task(self.chance.choice(self.workers).work(job, *ids))

    def _begin(self, worker: Worker) -> None:
        for going_on in (worker.sweep, worker.redrive, *([worker.reconcile] if self._reconciles else [])):
            self._begin_task(going_on())
        self.dispatch()

    def _begin_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, Killed):
            self.history.faults.append(repr(error))

    # Webhooks.

    def _tell(self, happening: Happening) -> None:
        if happening.event is None:
            return
        at = (happening.at - BEGAN).total_seconds() + WEBHOOK_SECONDS
        if self._on(Kind.WEBHOOKS_LOST):
            return
        late = LATE_SECONDS * self.chance.random() if self._on(Kind.WEBHOOKS_LATE) else 0
        again = AGAIN_SECONDS * self.chance.random() if self._on(Kind.WEBHOOKS_DOUBLED, Kind.CROWD) else None
        for takes in [late, *([] if again is None else [again])]:
            self._begin_task(self._send(happening.event, max(0, at + takes - self.seconds())))

    async def _send(self, event: Event, after: float) -> None:
        """Send a webhook until it is answered 200, as Paddle does."""
        answers: list[int] = []
        self._answers.append((event, answers))
        await asyncio.sleep(after)
        while len(answers) < MOST_ATTEMPTS:
            receiving = asyncio.ensure_future(self._receive(self.chance.choice(self.receivers), event))
            try:
                answers.append(await asyncio.wait_for(asyncio.shield(receiving), PADDLE_WAITS_SECONDS))
            except TimeoutError:
                answers.append(0)
            if answers[-1] == 200:
                return
            await asyncio.sleep(len(answers) ** 1.1)

    async def _receive(self, receiver: Process, event: Event) -> int:
        try:
            await receiver.pass_by()
            await self.redis.inbox.accept(event, receiver.clock())
            self.dispatch()
            await receiver.pass_by()
        except Killed:
            return 0
        except REDIS_ERRORS:
            return 503
        return 200

    # Faults.

    def _plan(self, fault: Fault) -> None:
        loop, at = asyncio.get_running_loop(), fault.at
        match fault.kind:
            case Kind.KILL_WORKER | Kind.KILL_RECEIVER:
                loop.call_at(at, self._kill, fault)
            case Kind.STOP_WORKER | Kind.STOP_RECEIVER:
                loop.call_at(at, self._stop, fault)
            case Kind.CLOCK_WORKER | Kind.CLOCK_RECEIVER:
                off = timedelta(seconds=(2 * fault.size - 1) * CLOCK_OFF_SECONDS)
                self.history.off = CLOCK_OFF_SECONDS
                loop.call_at(at, self._turn, fault, off)
                loop.call_at(fault.until, self._turn, fault, timedelta(0))
            case Kind.TEAR | Kind.FAIL_OVER:
                behind = min(at, FORGETS[fault.kind] * fault.size)
                self.history.losses.append(Span(at - behind - 1, at + AWAY_SECONDS))
                self.history.gaps.append(Span(at - behind - GAP_SECONDS, at))
                loop.call_at(at - behind, self.redis.remember)
                loop.call_at(at, self.redis.forget)
            case _:
                pass  # whoever it concerns looks at the clock
        over = at + AWAY_SECONDS if fault.kind in OF_REDIS else fault.until
        loop.call_at(over + 0.01, self.dispatch)

    def _whom(self, fault: Fault) -> Process:
        if fault.kind in {Kind.KILL_WORKER, Kind.STOP_WORKER, Kind.CLOCK_WORKER}:
            return self.workers[fault.target % WORKERS]
        return self.receivers[fault.target % RECEIVERS]

    def _kill(self, fault: Fault) -> None:
        """Let somebody die amid what they do next; half of the workers when they have handed over a mail."""
        whom = self._whom(fault)
        if isinstance(whom, Worker) and fault.size > 0.5:
            whom.dies_after_mail = round((fault.size - 0.5) * MOMENTS_IN_THE_GAP)
        else:
            whom.dies_after = round(fault.size * MOST_MOMENTS)

    def died(self, process: Process) -> None:
        """Start somebody in place of one that has died."""
        loop = asyncio.get_running_loop()
        if isinstance(process, Worker):
            self.history.gaps.append(Span(self.seconds() - GAP_SECONDS, self.seconds()))
            loop.call_later(RESTART_SECONDS, self._start_worker, self.workers.index(process))
        else:
            loop.call_later(RESTART_SECONDS, self._start_receiver, self.receivers.index(process))

    def _start_worker(self, number: int) -> None:
        self.workers[number] = Worker(self)
        self._begin(self.workers[number])

    def _start_receiver(self, number: int) -> None:
        self.receivers[number] = Process(self)

    def _stop(self, fault: Fault) -> None:
        self._whom(fault).stands_until = fault.until
        if fault.kind is Kind.STOP_WORKER:
            self.history.standstills.append(Span(self.seconds(), fault.until))

    def _turn(self, fault: Fault, off: timedelta) -> None:
        self._whom(fault).off = off

    def _on(self, *kinds: Kind) -> bool:
        now = self.seconds()
        return any(fault.kind in kinds and fault.at <= now < fault.until for fault in self.schedule.faults)

    # Afterwards.

    def _look_back(self) -> None:
        history, kept = self.history, self.redis.store.kept
        history.ended = self.seconds()
        history.missed = kept.counts[MISSED]
        history.unheard = any(fault.kind is Kind.WEBHOOKS_LOST for fault in self.schedule.faults)
        for event, answers in self._answers:
            debt = event.facts.id if isinstance(event.facts, TransactionFacts) else None
            history.notifications.append(Notification(event.id, debt, tuple(answers)))
        for debt_id, one in kept.cases.items():
            history.cases[debt_id] = Case(
                one.case.state,
                {
                    step: Delivery(found.state, found.reason, found.unknowns)
                    for step, found in one.case.deliveries.items()
                },
            )
        history.waiting = {
            "the inbox": len(kept.inbox),
            "the queue": len(kept.events_queued) + len(kept.events_alone) + len(kept.batches_queued),
            "the due index, late": sum(at < self.clock() - timedelta(minutes=1) for at in kept.due.values()),
            "the dead": len(list(kept.dead)),
            "holds": len(self.redis.store.holds.on),
            "pauses": len(self.redis.store.brakes.pauses),
        }


def _pass_over_death(loop: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
    """Say nothing of tasks whose worker has died."""
    if not isinstance(told.get("exception"), Killed):
        loop.default_exception_handler(told)
