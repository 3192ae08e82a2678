"""Carrying out the faults of a storm among real processes."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from redis.exceptions import RedisError

from cli.lab.mailbox.server import MailServer
from cli.lab.mailbox.smtp import MishapStage, Silence
from paddle_twin import Twin
from tests.storms.clocks import Clocks
from tests.storms.history import History, Span
from tests.storms.processes import RECEIVER, WORKER, Processes
from tests.storms.redis_processes import RedisHouse
from tests.storms.relay import Relay
from tests.storms.schedule import Fault, Kind

# Paddle's first repeat comes after a minute, which would hide what we are slow at.
REPEATS_AFTER = timedelta(seconds=0.3)
# How long somebody who was killed is away, at most.
AWAY_SECONDS = 1.0
# Longer than it takes to note a mail when Redis has been away meanwhile.
GAP_SECONDS = 25.0
LOOKS_FOR_MAIL_SECONDS = 2.0
# How often something is done anew while a fault lasts.
AGAIN_SECONDS = 0.2
CLOCK_OFF_SECONDS = 90.0
TORN_BYTES = 6000
SLOW_SECONDS = 2.0
WRONG = (500, 502, 503, "reset", "not_json", "stall")
REFUSALS = (421, 451, 452)
STAGES = (MishapStage.CONNECT, MishapStage.MAIL, MishapStage.RCPT, MishapStage.DATA, MishapStage.MESSAGE)
FULL = 1
NEWS = 12


@dataclass
class Weather:
    """Does to the service what a schedule says, and writes into the history what it may lead to."""

    processes: Processes
    redis: RedisHouse
    twin: Twin
    paddle: Relay
    mailbox: MailServer
    clocks: Clocks
    history: History
    chance: random.Random
    _deaf: int = 0

    def __post_init__(self) -> None:
        """Note what is done at each kind of fault."""
        self._url = self.twin.notifications.url
        self._of_redis = asyncio.Lock()
        self._done: dict[Kind, Callable[[Fault], Awaitable[None]]] = {
            Kind.KILL_WORKER: self._kill_worker,
            Kind.KILL_RECEIVER: self._kill_receiver,
            Kind.STOP_WORKER: self._stop_worker,
            Kind.STOP_RECEIVER: self._stop_receiver,
            Kind.KILL_REDIS: self._kill_redis,
            Kind.STOP_REDIS: self._stop_redis,
            Kind.CUT_REDIS: self._cut_redis,
            Kind.REFUSE_WRITES: self._refuse_writes,
            Kind.DISK_FULL: self._fill_disk,
            Kind.FAIL_OVER: self._fail_over,
            Kind.TEAR: self._tear,
            Kind.CLOCK_WORKER: self._turn_worker,
            Kind.CLOCK_RECEIVER: self._turn_receiver,
            Kind.PADDLE_SLOW: self._slow_paddle,
            Kind.PADDLE_WRONG: self._wrong_paddle,
            Kind.PADDLE_LIMITS: self._limit_paddle,
            Kind.MAIL_CUTS: self._cut_mail,
            Kind.MAIL_REFUSES: self._refuse_mail,
            Kind.WEBHOOKS_LOST: self._lose_webhooks,
            Kind.WEBHOOKS_LATE: self._delay_webhooks,
            Kind.WEBHOOKS_DOUBLED: self._double_webhooks,
            Kind.CROWD: self._double_webhooks,
        }

    async def carry_out(self, fault: Fault) -> None:
        """Do it, and return when it is over."""
        await self._done[fault.kind](fault)

    def clear_up(self) -> None:
        """End what is only planned, and whoever waits for an answer that will not come."""
        self.twin.api.faults.clear()
        for faults in self.mailbox._house.faults.values():
            faults.clear()
        self.paddle.delay = 0.0
        self.paddle.cut()

    # Our own processes.

    async def _kill_worker(self, fault: Fault) -> None:
        """Kill one as soon as a mail has come: it may be the one who has not yet noted it."""
        with contextlib.suppress(TimeoutError):
            await self.mailbox.wait_for(len(self.mailbox.mails) + 1, within_seconds=LOOKS_FOR_MAIL_SECONDS)
        now = self.clocks.seconds()
        self.history.gaps.append(Span(now - GAP_SECONDS, now + 1))
        await self.processes.kill(self.processes.of(WORKER, fault.target), fault.size * AWAY_SECONDS)

    async def _kill_receiver(self, fault: Fault) -> None:
        await self.processes.kill(self.processes.of(RECEIVER, fault.target), fault.size * AWAY_SECONDS)

    async def _stop_worker(self, fault: Fault) -> None:
        began = self.clocks.seconds()
        await self.processes.stand_still(self.processes.of(WORKER, fault.target), fault.lasts)
        self.history.standstills.append(Span(began, self.clocks.seconds()))

    async def _stop_receiver(self, fault: Fault) -> None:
        await self.processes.stand_still(self.processes.of(RECEIVER, fault.target), fault.lasts)

    async def _turn_worker(self, fault: Fault) -> None:
        await self._turn(self.processes.of(WORKER, fault.target), fault)

    async def _turn_receiver(self, fault: Fault) -> None:
        await self._turn(self.processes.of(RECEIVER, fault.target), fault)

    async def _turn(self, name: str, fault: Fault) -> None:
        off = (2 * fault.size - 1) * CLOCK_OFF_SECONDS
        self.history.off = max(self.history.off, abs(off))
        self.clocks.put_off(name, off)
        await asyncio.sleep(fault.lasts)
        self.clocks.put_off(name, 0)

    # Redis.

    async def _kill_redis(self, fault: Fault) -> None:
        async with self._of_redis:
            self.redis.master.kill()
            await asyncio.sleep(fault.size * AWAY_SECONDS)
            await self.redis.master.start()

    async def _stop_redis(self, fault: Fault) -> None:
        async with self._of_redis:
            self.redis.master.stop()
            await asyncio.sleep(fault.lasts)
            self.redis.master.go_on()

    async def _cut_redis(self, fault: Fault) -> None:
        async def cut() -> None:
            with contextlib.suppress(RedisError, OSError):
                await self.redis.master.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        await self._again_and_again(fault, cut)

    async def _refuse_writes(self, fault: Fault) -> None:
        await self._set_memory(FULL)
        await asyncio.sleep(fault.lasts)
        await self._set_memory(0)

    async def _set_memory(self, most: int) -> None:
        for _ in range(100):
            with contextlib.suppress(RedisError, OSError):
                await self.redis.master.client.config_set("maxmemory", most)
                return
            await asyncio.sleep(AGAIN_SECONDS)

    async def _fill_disk(self, fault: Fault) -> None:
        """Let Redis' log grow no more. Redis ends by itself then, and is started again when there is room."""
        async with self._of_redis:
            self.redis.master.fill_disk()
            await asyncio.sleep(fault.lasts)
            self.redis.master.empty_disk()
            if not self.redis.master.lives:
                await self.redis.master.start()

    async def _fail_over(self, fault: Fault) -> None:
        if self.redis.replica is None:
            return
        async with self._of_redis:
            began = self.clocks.seconds()
            await self.redis.fall_behind()
            await asyncio.sleep(fault.lasts)
            await self.redis.fail_over()
            self._forgotten_since(began)

    async def _tear(self, fault: Fault) -> None:
        async with self._of_redis:
            self.redis.master.kill()
            left = self.redis.master.tear(1 + int(fault.size * TORN_BYTES))
            since = self.clocks.at_monotonic(self.redis.when_it_was(left))
            self._forgotten_since(since)
            await self.redis.master.start()

    def _forgotten_since(self, since: float) -> None:
        """Note that Redis forgot what it took from then on: also that a mail had gone out before."""
        now = self.clocks.seconds()
        self.history.losses.append(Span(since - 1, now))
        self.history.gaps.append(Span(since - GAP_SECONDS, now))

    # Paddle.

    async def _slow_paddle(self, fault: Fault) -> None:
        self.paddle.delay = 0.1 + fault.size * SLOW_SECONDS
        await asyncio.sleep(fault.lasts)
        self.paddle.delay = 0.0

    async def _wrong_paddle(self, fault: Fault) -> None:
        async def fail() -> None:
            if not self.twin.api.faults._planned:
                self.twin.fail_next("*", self.chance.choice(WRONG))  # type: ignore[arg-type] # mypy joins them to object

        await self._again_and_again(fault, fail)

    async def _limit_paddle(self, fault: Fault) -> None:
        async def fail() -> None:
            if not self.twin.api.faults._planned:
                self.twin.fail_next("*", 429, retry_after=str(1 + round(3 * fault.size)))

        await self._again_and_again(fault, fail)

    # The mail server.

    async def _cut_mail(self, fault: Fault) -> None:
        await self._mishaps(fault, lambda: Silence.DROP)

    async def _refuse_mail(self, fault: Fault) -> None:
        await self._mishaps(fault, lambda: self.chance.choice(REFUSALS))

    async def _mishaps(self, fault: Fault, what: Callable[[], int | Silence]) -> None:
        async def plan() -> None:
            stage = self.chance.choice(STAGES)
            if not self.mailbox._house.faults[stage]:
                self.mailbox.plan(stage, what())

        await self._again_and_again(fault, plan)

    # Webhooks.

    async def _lose_webhooks(self, fault: Fault) -> None:
        await self._be_deaf(fault)

    async def _delay_webhooks(self, fault: Fault) -> None:
        before = len(self.twin.sent)
        await self._be_deaf(fault)
        late = [one.event_id for one in self.twin.sent[before:]]
        self.chance.shuffle(late)
        for event_id in late:
            self.twin.replay(event_id)
            await asyncio.sleep(AGAIN_SECONDS * self.chance.random())

    async def _be_deaf(self, fault: Fault) -> None:
        self._deaf += 1
        self.twin.notifications.url = None
        await asyncio.sleep(fault.lasts)
        self._deaf -= 1
        if not self._deaf:
            self.twin.notifications.url = self._url

    async def _double_webhooks(self, fault: Fault) -> None:
        async def replay() -> None:
            newest = {one.event_id for one in self.twin.sent[-NEWS:]}
            for event_id in newest:
                self.twin.replay(event_id)

        await self._again_and_again(fault, replay)

    async def _again_and_again(self, fault: Fault, do: Callable[[], Awaitable[None]]) -> None:
        until = time.monotonic() + fault.lasts
        while time.monotonic() < until:
            await do()
            await asyncio.sleep(AGAIN_SECONDS * (0.5 + self.chance.random()))
