"""A day of traffic against real processes on a clock that is turned forward whenever nothing is left to do.

Every twelve minutes of the day bring the same: so many renewals are declined, and each customer goes on in one of the
ways below. So from the time on at which the first customers are through, as much ends as begins.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.service import UNLIMITED
from cli.lab.clock import ShiftedClock
from cli.lab.mailbox.server import MailServer
from cli.lab.ports import free_port
from cli.lab.stack import Stack, running_stack
from dunning.access_token import Scope, make_token
from dunning.instants import to_milliseconds
from dunning.links import Links
from dunning.queue import QUEUE
from dunning.settings.load import LinkMint
from dunning.store import Store, keys
from paddle_twin import Twin
from tests.chaos.passing_time import connect, let_pass_in_redis
from tests.integration.receiver import Receiver, receiving
from tests.long_run.judge import Sample
from tests.long_run.sample import take_sample, tasks_file
from tests.until import until

ROUND = timedelta(minutes=12)
DECLINES = 20
SAMPLE_EVERY = 5
# Past the last of what is kept of a case, and of its day.
LONG = timedelta(days=801)
# The rarest chore of the worker's comes about once in a minute of its own, which can't be turned forward.
CHORES_WITHIN = timedelta(seconds=70)

CAMPAIGN = """
[campaign.renewal]
on = "renewal_failed"
step = [
  {name = "first", after = "0s", template = "payment_failed"},
  {name = "reminder", after = "2h", template = "reminder"},
  {name = "last", after = "4h", template = "final_notice"},
]
"""


@dataclass(frozen=True, slots=True)
class Way:
    """How a customer goes on: when, in rounds after the decline."""

    clicks: tuple[int, ...] = ()
    pays: int | None = None
    cancels: int | None = None


# The longest takes 30 rounds, which is six hours.
WAYS = (
    Way(pays=2),
    Way(clicks=(1,), pays=1),
    Way(clicks=(1, 12), pays=12),
    Way(clicks=(3, 4, 25), pays=25),
    Way(cancels=15),
    Way(clicks=(24,), cancels=30),
    Way(pays=30),
)


@dataclass
class Debt:
    """A declined renewal, and who declined it when."""

    id: str
    customer_id: str
    subscription_id: str
    declined_in: int
    way: Way


@dataclass
class Day:
    """The running service and its customers."""

    stack: Stack
    twin: Twin
    mailbox: MailServer
    clock: ShiftedClock
    receiver: Receiver
    store: Store
    redis: Any
    console_url: str
    token: str
    debts: list[Debt] = field(default_factory=list)
    opened: int = 0
    _rounds: int = 0

    async def play(self, rounds: int, say: Callable[[str], None]) -> AsyncIterator[Sample]:
        """Play so many rounds, and look at everything every hour."""
        for _ in range(rounds):
            await self._round(DECLINES)
            if self._rounds % SAMPLE_EVERY == 0:
                sample = await self._look(self.opened)
                say(f"{sample.hour:.0f} h: {self.opened} cases, {len(self.mailbox.mails)} mails")
                yield sample
            await self._pass(ROUND)

    async def long_after(self) -> Sample:
        """Let all debts end and all that is kept of them lapse, and look at what one more round of debts leaves."""
        await self._until_over()
        await self._pass(LONG)
        await asyncio.sleep(CHORES_WITHIN.total_seconds())
        await self._round(DECLINES)
        await self._until_over()
        await asyncio.sleep(CHORES_WITHIN.total_seconds())
        return await self._look(DECLINES)

    async def _until_over(self) -> None:
        while self.debts:
            await self._pass(ROUND)
            await self._round(0)

    async def _pass(self, span: timedelta) -> None:
        self.receiver.told.clear()
        self.clock.forward_to(self.clock() + span)
        await let_pass_in_redis(span, self.redis)

    async def _look(self, opened: int) -> Sample:
        hour = self._rounds * ROUND / timedelta(hours=1)
        ours = {name: part for name, part in self.stack.parts.items() if name not in {"twin", "mailbox"}}
        return await take_sample(hour, opened, ours, self.redis)

    async def _round(self, declines: int) -> None:
        self._rounds = number = self._rounds + 1
        world = self.twin.world
        for _ in range(declines):
            customer = world.add_customer(name="Zoë", email=f"zoe.{self.opened}@customer.example", locale="en-GB")
            subscription = world.add_subscription(customer)
            debt_id = world.decline(subscription, "declined")
            way = WAYS[self.opened % len(WAYS)]
            self.debts.append(Debt(debt_id, customer, subscription, number, way))
            self.opened += 1
        await self._until_open([debt.id for debt in self.debts if debt.declined_in == number])
        for debt in self.debts:
            age = number - debt.declined_in
            if age in debt.way.clicks:
                await self._click(debt)
            if age == debt.way.pays:
                world.pay(debt.id)
            elif age == debt.way.cancels:
                world.cancel(debt.subscription_id)
        over = [debt for debt in self.debts if number - debt.declined_in in {debt.way.pays, debt.way.cancels}]
        await self._until_ended([debt.id for debt in over])
        self.debts = [debt for debt in self.debts if debt not in over]
        await self._ask_around()
        await until(self._is_quiet)

    async def _until_open(self, debt_ids: list[str]) -> None:
        async def all_open() -> bool:
            return all(one.case is not None for one in await self.store.cases.read_versioned(debt_ids))

        await until(all_open)

    async def _until_ended(self, debt_ids: list[str]) -> None:
        async def all_ended() -> bool:
            read = await self.store.cases.read_versioned(debt_ids) if debt_ids else []
            return all(one.case is not None and not one.case.is_open for one in read)

        await until(all_ended)

    async def _click(self, debt: Debt) -> None:
        """Look at the page, and press its button."""
        links = Links([self.stack.environment["DUNNING_LINK_SECRETS"]])
        link = f"{self.stack.public_url}/pay/{links.sign(debt.id, self.clock() + timedelta(days=1))}"
        for method in ("GET", "POST"):
            async with self.stack.http.request(method, link, allow_redirects=False) as response:
                await response.read()

    async def _ask_around(self) -> None:
        """Ask what programs, probes and strangers ask: some of it is refused."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        customers = {debt.customer_id for debt in self.debts[:1]}
        standing = [f"/v1/customers/{customer}/standing" for customer in customers]
        for path in (*standing, "/v1/cases", "/v1/report", "/metrics", "/"):
            async with self.stack.http.get(f"{self.console_url}{path}", headers=bearer) as response:
                await response.read()
        for method, path in (
            ("GET", "/readyz"),
            ("GET", "/pay/txn_nobody.1.x"),
            ("POST", "/webhooks/paddle"),
            ("GET", "/nowhere"),
        ):
            async with self.stack.http.request(method, f"{self.stack.public_url}{path}", data=b"{}") as response:
                await response.read()

    async def _is_quiet(self) -> bool:
        """Tell whether nothing is under way, and nothing due."""
        waiting = [
            await self.redis.zcard(keys.INBOX),
            await self.redis.zcard(QUEUE),
            await self.redis.zcount(keys.DUE, "-inf", to_milliseconds(self.clock())),
            await self.redis.zcard(keys.OUT_UNSENT),
            await self.redis.llen(keys.OUT_NEW),
        ]
        return not any(waiting) and all(one.status != "pending" for one in self.twin.sent[-DECLINES:])


@asynccontextmanager
async def beginning() -> AsyncIterator[Day]:
    """Start everything, and end it when the block is left."""
    with tempfile.TemporaryDirectory(prefix="dunning-day-") as folder:
        clock = ShiftedClock(Path(folder) / "ahead")
        async with Twin(rate_limit=UNLIMITED, clock=clock) as twin, MailServer() as mailbox, receiving() as receiver:
            console_port = free_port()
            settings = {
                "DUNNING_PADDLE_API_KEY": twin.api_key,
                "DUNNING_PADDLE_API_URL": twin.url,
                "DUNNING_PADDLE_RATE_LIMIT": str(UNLIMITED),  # a day's calls are made in minutes
                "DUNNING_WEBHOOK_SECRETS": twin.webhook_secret,
                "DUNNING_PORTAL_LOGIN_URL": twin.portal_login_url,
                "DUNNING_MAIL_URL": mailbox.url,
                "DUNNING_OUT_WEBHOOKS": receiver.setting,
                "DUNNING_BREAKER": "off",
                "DUNNING_CONSOLE_PORT": str(console_port),
            }
            async with running_stack(
                mint=LinkMint.CLICK, campaign=CAMPAIGN, settings=settings, commands=(), clock=clock
            ) as stack:
                await _start_ours(stack, clock)
                twin.notifications.url = f"{stack.public_url}/webhooks/paddle"
                store, made = Store.open(stack.server.url, rate_limit=UNLIMITED), make_token()
                await store.tokens.add(made.id, "day", tuple(Scope), made.digest, clock())
                redis = connect(stack.server.url)
                try:
                    url = f"http://127.0.0.1:{console_port}"
                    yield Day(stack, twin, mailbox, clock, receiver, store, redis, url, made.text)
                finally:
                    await redis.aclose()
                    await store.close()


async def _start_ours(stack: Stack, clock: ShiftedClock) -> None:
    for name, entry in _entries(clock):
        tasks = tasks_file(stack.folder, name)
        await stack.run(name, "bench.counted", str(tasks), *entry, "--until-stdin-closes")
    await stack.until_ready()
    await stack.until_logged("worker", "worker.started")
    await stack.until_logged("console", "console.listening")


def _entries(clock: ShiftedClock) -> Iterator[tuple[str, list[str]]]:
    yield from ((name, ["cli.lab.clocked", str(clock.path), name]) for name in ("webhooks", "worker"))
    yield "console", ["cli.plan.clocked_console", str(clock.path)]
