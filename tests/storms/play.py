"""Playing a storm against real processes: receivers, workers, Redis, a twin of Paddle and a mail server on one clock.

1. The storm: half a minute of real time, in which customers live and faults come and go.
2. The calm: nothing is wrong any more. Whenever everybody waits, the clock jumps to the next moment that anything waits
   for, until the last customer has done the last thing, and no step is due.
3. Healing: what no webhook brought is read from Paddle, by `dunning reconcile`, and the calm goes on.
4. The end: each customer clicks once more, every process is asked to end, and all that is at rest is looked at.
"""

import asyncio
import math
import random
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout

from dunning.queue import QUEUE
from dunning.settings.load import bare_environment
from dunning.store import keys
from paddle_twin import Twin
from tests.storms.at_rest import look_back
from tests.storms.checker import WINDOW_SECONDS
from tests.storms.clocks import Clocks
from tests.storms.customers import Customers
from tests.storms.customers_of_twin import Clicking, TwinAccount
from tests.storms.history import History
from tests.storms.mailbox import StormMailbox
from tests.storms.processes import RECEIVER, WORKER, Processes
from tests.storms.redis_processes import RedisHouse
from tests.storms.relay import Relay
from tests.storms.schedule import CAMPAIGN, STORM_SECONDS, Act, Kind, Schedule
from tests.storms.weather import REPEATS_AFTER, Weather

LOOK_SECONDS = 0.2
# When nothing has changed for so long, everybody waits for a later time.
QUIET_LOOKS = 8
STRIDE_SECONDS = 20.0
A_MOMENT = 0.1
# Real seconds, after which somebody is stuck who will not move any more, and the checker will say who.
PATIENCE_SECONDS = 240.0
# Its webhook may be under way, so a younger event is not read; and links allow five clicks an hour.
HEALING_AFTER, LAST_CLICKS_AFTER = 300.0, 3700.0
# A click asks Paddle twice, and a twentieth of the budget, or more, was spent before.
CALLS_A_CLICK = 3
CLICK_TIMEOUT = ClientTimeout(total=30)


@dataclass
class House:
    """All of it."""

    schedule: Schedule
    history: History
    clocks: Clocks
    twin: Twin
    mailbox: StormMailbox
    redis: RedisHouse
    processes: Processes
    weather: Weather
    customers: Customers
    account: TwinAccount
    clicking: Clicking
    environment: dict[str, str]
    folder: Path
    say: Callable[[str], None]

    async def play(self) -> History:
        """Play it all, and return what was seen."""
        later = await self._storm()
        self.say("calm")
        await self._calm(later)
        self.say("healing")
        self.clocks.jump(HEALING_AFTER)
        self.history.ends["reconcile"] = await self.processes.run("reconcile", "--apply")
        await self._calm([])
        self.say("the end")
        self.clocks.jump(LAST_CLICKS_AFTER)
        await self._calm([])
        for number, debt in enumerate(self.mailbox.links, start=1):
            await self.clicking.click(debt, last=True)
            if number % (self.schedule.rate_limit // CALLS_A_CLICK) == 0:
                self.clocks.jump(WINDOW_SECONDS + 1)  # the budget of calls is spent
        self.history.ended = self.clocks.seconds()
        gone = self.processes.gone()
        await self.processes.end_all()
        self.history.faults += [f"{name} ended by itself" for name in gone]
        await look_back(self)
        return self.history

    async def _storm(self) -> list[tuple[float, int, Act]]:
        acts = sorted(
            ((act.at, number, act) for number, life in enumerate(self.schedule.lives) for act in life),
            key=lambda one: one[0],
        )
        now = [one for one in acts if one[0] < STORM_SECONDS]
        async with asyncio.TaskGroup() as group:
            sampling = group.create_task(self._sample())
            for fault in self.schedule.faults:
                group.create_task(self._after(fault.at, lambda fault=fault: self.weather.carry_out(fault)))  # type: ignore[misc] # mypy infers no lambda with a default
            for at, number, act in now:
                group.create_task(self._after(at, lambda number=number, act=act: self._act(number, act)))  # type: ignore[misc] # same
            await self._after(STORM_SECONDS, _nothing)
            sampling.cancel()
        self.weather.clear_up()
        await self.processes.until_they_work()
        return acts[len(now) :]

    async def _after(self, at: float, do: Callable[[], Any]) -> None:
        await asyncio.sleep(at - self.clocks.seconds())
        await do()

    async def _act(self, number: int, act: Act) -> None:
        if debt := self.customers.act(number, act):
            await self.clicking.click(debt)

    async def _sample(self) -> None:
        while True:
            self.redis.note_size()
            await asyncio.sleep(A_MOMENT / 2)

    async def _calm(self, acts: list[tuple[float, int, Act]]) -> None:
        """Let time pass until nothing waits, and nobody has anything left to do."""
        left = list(acts)
        for _ in range(200):
            await self._until_quiet()
            now = self.clocks.seconds()
            while left and left[0][0] <= now:
                _, number, act = left.pop(0)
                await self._act(number, act)
            next_at = await self._next_at()
            moments = [*([left[0][0]] if left else []), *([next_at] if next_at is not None else [])]
            if not moments:
                return
            if min(moments) > now:
                # What is to come within a while is done together, or the calm would take many times as long.
                self.clocks.jump(math.ceil((min(moments) + A_MOMENT) / STRIDE_SECONDS) * STRIDE_SECONDS - now)

    async def _next_at(self) -> float | None:
        """Return when anything is to be done next; None when nothing is, cases that only lapse aside."""
        redis = self.redis.master.client
        waiting = [score async for _, score in redis.zscan_iter(keys.INBOX)]
        waiting += [score async for _, score in redis.zscan_iter(QUEUE)]
        due = [score async for _, score in redis.zscan_iter(keys.DUE)]
        began = (self.clocks.now().timestamp() - self.clocks.seconds()) * 1000
        now = self.clocks.now().timestamp() * 1000
        # What lies an hour ahead only waits for the end of its time.
        soon = [score for score in due if score < now + 3_600_000] + ([now + 20_000] if waiting else [])
        return (min(soon) - began) / 1000 if soon else None

    async def _until_quiet(self) -> None:
        """Wait until nothing changes any more.

        Raises:
            TimeoutError: something does, again and again.
        """
        seen, times = None, 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while times < QUIET_LOOKS or not self._all_told():
                look = await self._look()
                times = times + 1 if look == seen else 0
                seen = look
                await asyncio.sleep(LOOK_SECONDS)

    def _all_told(self) -> bool:
        return all(one.status in {"delivered", "failed", "not_attempted"} for one in self.twin.sent)

    async def _look(self) -> object:
        redis = self.redis.master.client
        return (
            len(self.history.mails),
            len(self.twin.api.calls),
            await redis.zcard(keys.INBOX),
            await redis.zrange(QUEUE, 0, -1),
            await redis.zrange(keys.DUE, 0, -1, withscores=True),
        )


async def _nothing() -> None:
    pass


@asynccontextmanager
async def house(
    schedule: Schedule, *, receivers: int = 2, workers: int = 3, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[House]:
    """Run the service on an empty Redis."""
    history = History(schedule.rate_limit)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dunning-storm-")))
        clocks = Clocks(folder)
        guarded = any(fault.kind is Kind.FAIL_OVER for fault in schedule.faults)
        redis = RedisHouse(folder / "redis", clocks.environment("redis"), guarded=guarded)
        stack.push_async_callback(redis.close)
        await redis.start()
        http = await enter(ClientSession(timeout=CLICK_TIMEOUT))
        twin = await enter(Twin(clock=clocks.now, retry_after=REPEATS_AFTER, rate_limit=10**9))
        mailbox = await enter(StormMailbox(history, clocks.seconds))
        numbers = {RECEIVER: receivers, WORKER: workers}
        (folder / "logs").mkdir()
        environment: dict[str, str] = {}
        processes = Processes(folder / "logs", clocks, environment, http, numbers)
        front = await enter(Relay(processes.receiver))
        twin_at = (twin.url.rpartition("/")[2].rpartition(":")[0], int(twin.url.rpartition(":")[2]))
        paddle = await enter(Relay(lambda: twin_at))
        twin.links.url = paddle.url
        twin.notifications.url = f"{front.url}/webhooks/paddle"
        (folder / "campaign.toml").write_text(CAMPAIGN)
        environment |= bare_environment() | {
            "DUNNING_PADDLE_API_KEY": twin.api_key,
            "DUNNING_PADDLE_API_URL": paddle.url,
            "DUNNING_PADDLE_RATE_LIMIT": str(schedule.rate_limit),
            "DUNNING_WEBHOOK_SECRETS": twin.webhook_secret,
            "DUNNING_LINK_SECRETS": secrets.token_hex(32),
            "DUNNING_PUBLIC_URL": front.url,
            "DUNNING_PORTAL_LOGIN_URL": twin.portal_login_url,
            "DUNNING_REDIS_URL": redis.url,
            "DUNNING_MAIL_URL": mailbox.url,
            "DUNNING_MAIL_FROM": "Lantern Software <billing@lantern.example>",
            "DUNNING_CAMPAIGN_FILE": str(folder / "campaign.toml"),
            "DUNNING_BREAKER": "off",
            "DUNNING_HOST": "127.0.0.1",
        }
        stack.push_async_callback(processes.end_all)
        await processes.start_all()
        account = TwinAccount(twin)
        customers = Customers(account, history, clocks.seconds)
        weather = Weather(processes, redis, twin, paddle, mailbox, clocks, history, random.Random(schedule.seed))  # noqa: S311 - no secret
        clicking = Clicking(http, twin, mailbox, clocks, history)
        clocks.begin()
        yield House(
            schedule, history, clocks, twin, mailbox, redis, processes, weather, customers, account, clicking,
            environment, folder, say,
        )  # fmt: skip


async def play(schedule: Schedule, *, workers: int = 3, say: Callable[[str], None] = lambda _: None) -> History:
    """Play a storm, and return what was seen of it."""
    async with house(schedule, workers=workers, say=say) as storm:
        return await storm.play()
