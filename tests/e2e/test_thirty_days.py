"""The shipped campaign on real time: real processes and a real Redis, whose clocks run through thirty days."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from cli.lab.stack import running_stack
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.rules.case import CaseState
from dunning.rules.declines import DeclineClass
from dunning.settings.load import LinkMint
from dunning.store import keys
from tests.e2e.faked_clock import FakedClock, needs_libfaketime
from tests.e2e.service import Service
from tests.until import until

(CAMPAIGN,) = parse_campaigns(shipped(), "default.toml")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# What is due is looked for a little after it is.
MOMENT = timedelta(seconds=30)

# When the worker is not there. Step `reminder-3` falls due meanwhile.
AWAY_FROM, AWAY_UNTIL = 12 * DAY, 15 * DAY


@dataclass
class Month:
    """A service that goes through thirty days, and the debts of its customers by name."""

    service: Service
    clock: FakedClock
    began: datetime
    redis: Any
    debts: dict[str, str] = field(default_factory=dict)
    mails: list[dict[str, Any]] = field(default_factory=list)

    async def decline(self, name: str, code: str) -> None:
        """Decline a renewal of a new customer now."""
        self.debts[name] = await self.service.decline(name=name, code=code)

    async def pay(self, name: str) -> None:
        """Let a customer pay what they owe."""
        await self.service.stack.twin(f"transactions/{self.debts[name]}/pay")
        await self.all_is_done()

    async def it_is(self, after: timedelta, *, kill_redis: bool = False, working: bool = True) -> None:
        """Let the clocks jump so far past the beginning, and wait until all that is to be done then is done."""
        self.clock.jump_to(self.began + after + MOMENT)
        if kill_redis:
            self.service.signal_redis(signal.SIGKILL)
            self.service.server.stop()
            self.service.server.start()
        await self.all_is_done(working=working)

    async def all_is_done(self, *, working: bool = True) -> None:
        """Wait until what Paddle sent is recorded, and with a worker there, until nothing waits."""
        await until(self._all_acknowledged)
        if working:
            # A batch that was taken by arq just when Redis died comes back by its lease, on real time.
            await until(self._nothing_waits)

    def steps_mailed(self, name: str) -> list[str]:
        """Give the steps a customer was mailed, in the order in which the mails came."""
        return [step for case_id, step in map(case_and_step, self.mails) if case_id == self.debts[name]]

    async def _all_acknowledged(self) -> bool:
        return all(sent["status"] == "delivered" for sent in await self.service.notifications())

    async def _nothing_waits(self) -> bool:
        now = self.clock().timestamp() * 1000
        waiting = [
            await self.redis.zcount(keys.DUE, "-inf", now + 61_000),
            await self.redis.zcard(keys.INBOX),
            await self.redis.zcard("dunning:jobs"),
        ]
        return not any(waiting)


@asynccontextmanager
async def a_month(folder: Path) -> AsyncIterator[Month]:
    clock = FakedClock(folder / "faketime")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in clock.environment().items():
            environment.setenv(name, value)  # of what is started from here on; this process goes by real time
        async with running_stack(mint=LinkMint.CLICK, campaign=shipped()) as stack:
            service = Service(stack)
            redis: Any = Redis.from_url(service.redis_url)
            try:
                await service.logged("worker", "worker.started")
                yield Month(service, clock, clock(), redis)
                await service.check_for_leaks()
            finally:
                await redis.aclose()
                await service.store.close()
                print(stack.logs())  # noqa: T201 - pytest shows it for a test that failed


@needs_libfaketime
@pytest.mark.timeout(600)
async def test_thirty_days_of_the_shipped_campaign_on_real_time(tmp_path: Path) -> None:
    async with a_month(tmp_path) as month:
        await month.decline("never pays", "expired_card")
        await month.decline("pays on day 10", "not_enough_balance")
        await month.decline("pays on day 16", "not_enough_balance")
        await month.decline("bank was down", "system_error")
        await month.all_is_done()
        handled = await month.redis.keys(keys.event("*"))
        assert len(handled) == 8
        assert await month.service.stack.mails() == []

        for after in (2 * HOUR, 24 * HOUR):
            await month.it_is(after)
        await month.pay("bank was down")
        for after in (48 * HOUR, 3 * DAY, 5 * DAY):
            await month.it_is(after)
        # Redis has forgotten by its own clock what was handled four days ago.
        assert await month.redis.exists(*handled) == 0
        await month.it_is(7 * DAY, kill_redis=True)
        await month.it_is(10 * DAY)
        await month.pay("pays on day 10")
        await month.it_is(AWAY_FROM)
        assert await month.service.terminate("worker") == 0
        await month.it_is(14 * DAY, working=False)
        await month.it_is(AWAY_UNTIL, working=False)
        await month.service.stack.start("worker")
        await month.all_is_done()
        await month.it_is(16 * DAY)
        await month.pay("pays on day 16")
        await month.it_is(21 * DAY, kill_redis=True)
        await month.it_is(27 * DAY)
        await month.service.stack.twin(f"subscriptions/{await subscription_of(month, 'never pays')}/cancel")
        await month.it_is(30 * DAY)
        month.mails = await month.service.stack.mails()

        assert month.steps_mailed("never pays") == [step.name for step in CAMPAIGN.steps]
        assert month.steps_mailed("pays on day 10") == ["first", "reminder", "reminder-2"]
        assert month.steps_mailed("pays on day 16") == ["first", "reminder", "reminder-2", "reminder-3"]
        assert month.steps_mailed("bank was down") == []
        for mail in month.mails:
            assert_in_time(month, mail)
        ends = {name: await month.service.store.cases.read(case_id) for name, case_id in month.debts.items()}
        assert {name: case.state for name, case in ends.items() if case} == {
            "never pays": CaseState.STOPPED,
            "pays on day 10": CaseState.RECOVERED,
            "pays on day 16": CaseState.RECOVERED,
            "bank was down": CaseState.RECOVERED,
        }
        assert await month.redis.zcard(keys.DUE) == 0


async def subscription_of(month: Month, name: str) -> str:
    case = await month.service.store.cases.read(month.debts[name])
    assert case is not None
    return case.subscription_id


def case_and_step(mail: dict[str, Any]) -> tuple[str, str]:
    """Read in a mail's Message-ID what it is about."""
    case_id, _, step = mail["headers"]["message-id"].strip("<>").partition("@")[0].partition(".")
    return case_id, step


def assert_in_time(month: Month, mail: dict[str, Any]) -> None:
    """Fail if a mail is from before its step was due, or from after, and the worker was there to send it."""
    case_id, step_name = case_and_step(mail)
    decline_class = DeclineClass.HARD if case_id == month.debts["never pays"] else DeclineClass.SOFT
    (after,) = [step.after[decline_class] for step in CAMPAIGN.steps if step.name == step_name]
    written = parsedate_to_datetime(mail["headers"]["date"]) - month.began
    due = AWAY_UNTIL if AWAY_FROM < after < AWAY_UNTIL else after
    # Until Redis was back, or arq had its batch again, real time went by: a minute or two at most.
    assert due - timedelta(minutes=1) <= written <= due + timedelta(minutes=5), (case_and_step(mail), written)
