"""What the campaign machine plays with: Paddle, wires that lose things, workers that die, and a mailbox that counts.

The jobs are the worker's own. Each stands still whenever it asks the world for something and whenever it is answered,
until it is told to go on: so everything else may happen in between.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum, auto
from functools import partial

from cli.plan.simulate.entities import Customer, Subscription
from cli.plan.simulate.mortal import Killed, watched
from cli.plan.simulate.paddle import Happening
from cli.plan.simulate.post_office import PostOffice
from cli.plan.simulate.rehearsal import Rehearsal
from cli.plan.simulate.unwritten import Unwritten
from dunning.jobs import TIMEOUTS, Job
from dunning.paddle.events import Event
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.rules.delivery import FINAL, DeliveryState
from dunning.settings.load import LinkMint
from tests.unit.paddle_world import BEGAN, CUSTOMER, OTHER_SUBSCRIPTION, SUBSCRIPTION
from worker.handle_event import handle_event
from worker.mail.transport import Outcome, Result
from worker.send.batch import send_steps
from worker.sweep import sweep_once

PLANNED, SENDING, UNKNOWN = DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.UNKNOWN
SENT, REFUSED, SKIPPED, DEAD = DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.SKIPPED, DeliveryState.DEAD

# The chart in dunning/rules/delivery.py: from a state, those it may be written in next.
CHART = {
    PLANNED: {PLANNED, SENDING, REFUSED, SKIPPED, DEAD},
    # Skipped: the mail server would not have it now, and meanwhile the case has ended.
    SENDING: {SENDING, SENT, REFUSED, UNKNOWN, PLANNED, SKIPPED},
    UNKNOWN: {UNKNOWN, SENDING, REFUSED},
    **{state: {state} for state in FINAL},
}
# What happens at Paddle is told within so long.
TOLD_WITHIN = timedelta(seconds=20)


class Heard(StrEnum):
    """What the mail server does with a mail."""

    TAKES = auto()
    TAKES_AND_FALLS_SILENT = auto()
    FALLS_SILENT = auto()
    REFUSES = auto()
    NOT_NOW = auto()


ANSWERS = {
    Heard.TAKES: Result(Outcome.SENT, "smtp_250"),
    Heard.TAKES_AND_FALLS_SILENT: Result(Outcome.UNKNOWN, "eof_after_data"),
    Heard.FALLS_SILENT: Result(Outcome.UNKNOWN, "eof_after_data"),
    Heard.REFUSES: Result(Outcome.REFUSED, "smtp_550"),
    Heard.NOT_NOW: Result(Outcome.TRY_AGAIN, "smtp_message_451"),
}


class _Mailbox(PostOffice):
    """Says whether the way of the jobs' mails recognises a repeat."""

    def __init__(self, clock: Callable[[], datetime], *, idempotent: bool) -> None:
        super().__init__(clock)
        self.idempotent = idempotent


class Running:
    """A job under way, which stands still between any two things that it does. It has a mail server of its own."""

    def __init__(self, world: "World", case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
        self.asked_at = world.now
        self.heard = Heard.TAKES
        self._world = world
        self._killed = False
        self._standing: list[asyncio.Future[None]] = []
        services = watched(replace(world.services, transport=self), self)
        self._task = world.loop.create_task(send_steps(services, case_ids, grant_ids))

    @property
    def idempotent(self) -> bool:
        return self._world.idempotent

    @property
    def is_over(self) -> bool:
        return self._task.done() and not self._standing

    async def pass_by(self) -> None:
        """Stand still until told to go on."""
        if not self._killed:
            self._standing.append(self._world.loop.create_future())
            await self._standing[-1]
        if self._killed:
            raise Killed

    def go_on(self) -> None:
        """Do the next thing."""
        self._world.loop.run_until_complete(self._go_on())

    async def _go_on(self) -> None:
        await self._stand()
        if self._standing:
            self._standing.pop(0).set_result(None)
            await self._stand()

    async def _stand(self) -> None:
        """Wait until it stands still, or is over: nothing that it does takes any time."""
        for _ in range(20):
            if self._standing or self._task.done():
                return
            await asyncio.sleep(0)

    def kill(self) -> None:
        """Do nothing any more."""
        self._killed = True
        while not self.is_over:
            self.go_on()
        self._task.exception()  # it was told of its death

    async def send(
        self, mail: EmailMessage, *, recipient: str, key: str, before_data: Callable[[], Awaitable[bool]]
    ) -> Result:
        """Take a mail that was just begun, unless it was not to be."""
        del mail, recipient
        case_id, _, step = key.partition(".")
        if not await before_data():
            return Result(Outcome.ABANDONED, "abandoned_before_data")
        world = self._world
        assert not world.arrived[case_id, step] or world.case(case_id).delivery(step).unknowns
        world.arrived[case_id, step] += self.heard in {Heard.TAKES, Heard.TAKES_AND_FALLS_SILENT}
        return ANSWERS[self.heard]

    async def probe(self) -> frozenset[str]:
        return frozenset()

    async def close(self) -> None:
        """Nothing is kept open."""


class World(Rehearsal):
    """Everything, at one moment. `repeats` is how often a mail that ended in silence may be sent again."""

    def __init__(self, campaign: Campaign, repeats: int) -> None:
        super().__init__(BEGAN, [campaign], Unwritten(), partial(_Mailbox, idempotent=repeats > 1), as_text=True)
        self.loop = asyncio.new_event_loop()
        self.wire: list[Event] = []
        self.lost: list[Event] = []
        self.arrived: Counter[tuple[str, str]] = Counter()
        self.running: list[Running] = []
        self.bounced: set[str] = set()
        self.repeats = repeats
        mint = LinkMint.CLICK if repeats else LinkMint.SEND
        self.services = replace(self.services, settings=replace(self.services.settings, link_mint=mint))
        self.idempotent = repeats > 1
        self._before: dict[str, Case] = {}
        self.paddle.customers[CUSTOMER] = Customer(CUSTOMER, "Rosa Lume", "rosa@lamplight.example")
        for number, subscription_id in enumerate((SUBSCRIPTION, OTHER_SUBSCRIPTION), start=1):
            self.paddle.subscriptions[subscription_id] = Subscription(
                subscription_id,
                CUSTOMER,
                f"Lantern {number}",
                f"pro_{number:026d}",
                f"pri_{number:026d}",
                2400,
                "EUR",
                "4242",
            )

    def do(self, what: Awaitable[object]) -> None:
        """Have something done at once, by nobody who dies of it."""
        self.loop.run_until_complete(_awaited(what))

    def new_bill(self) -> str:
        return f"txn_{len(self.paddle.bills) + 1:026d}"

    def case(self, case_id: str) -> Case:
        return self.store.kept.cases[case_id].case

    def cases(self) -> list[Case]:
        return [kept.case for kept in self.store.kept.cases.values()]

    def deliver(self, event: Event, *, handled: bool) -> None:
        self.do(self.store.inbox.accept(event, self.now))
        self.store.kept.events_queued.clear()
        if handled:
            self.do(handle_event(self.services, event.id))

    async def run_batch(self, case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
        self.running.append(Running(self, case_ids, grant_ids))

    def go_on(self, job: Running, heard: Heard) -> None:
        """Take a job one thing further. One that has run too long is ended by arq."""
        job.heard = heard
        if self.now >= job.asked_at + TIMEOUTS[Job.SEND_STEPS]:
            job.kill()
        else:
            job.go_on()
        self.check()
        if job.is_over:
            self.running.remove(job)

    def kill(self, job: Running) -> None:
        job.kill()
        self.running.remove(job)

    def run_until(self, end: datetime) -> None:
        """Let everything be well: what is due is sent at once, and taken."""
        while (at := self._next_at()) is not None and at <= end:
            self.now = max(self.now, at)
            self.do(self.sweep_once())
            self.end_jobs()
        self.now = max(self.now, end)

    async def sweep_once(self) -> None:
        """Hand over what is due now, once."""
        swept = await sweep_once(self.services, None)
        self._wait_for(swept.why)
        await self.work()

    def end_jobs(self) -> None:
        for job in list(self.running):
            while job in self.running:
                self.go_on(job, Heard.TAKES)

    def check(self) -> None:
        """Nothing goes back."""
        for case in self.cases():
            if (before := self._before.get(case.id)) is not None and before is not case:
                assert_forward(before, case)
            self._before[case.id] = case

    def _on_its_way(self, happening: Happening) -> None:
        if happening.event is not None:
            self.wire.append(happening.event)


def assert_forward(before: Case, after: Case) -> None:
    assert after.failed_at == before.failed_at
    assert before.is_open or not after.is_open
    for step, delivery in after.deliveries.items():
        was = before.delivery(step)
        assert delivery.state in CHART[was.state]
        assert delivery.unknowns >= was.unknowns
        if was.dated_at is not None and delivery.dated_at != was.dated_at:
            # Dated anew, as nothing can have arrived yet.
            assert not was.unknowns
            assert delivery.dated_at is not None
            assert delivery.dated_at > was.dated_at


async def _awaited(what: Awaitable[object]) -> None:
    await what
