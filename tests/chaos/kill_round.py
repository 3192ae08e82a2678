"""One round: real processes under load, killed or restarted again and again, and then left alone for a minute."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.demo.story import CAMPAIGN
from cli.lab.clock import ShiftedClock
from cli.lab.stack import Stack, running_stack
from dunning.paddle.events import USED
from dunning.queue import QUEUE
from dunning.rules.delivery import Delivery, DeliveryState
from dunning.settings.load import LinkMint
from dunning.store import Store, keys
from tests.chaos.history import History
from tests.chaos.passing_time import connect, let_pass_in_redis
from tests.until import until

REDIS = "Redis"
WORKER = "worker"
WEBHOOKS = "webhooks"
A_MINUTE = timedelta(seconds=61)
# How long after a burst of declines begins its victim is killed, at the most.
LATEST_KILL_SECONDS = 0.6


@dataclass
class KillRound:
    """A running service whose processes are killed."""

    stack: Stack
    store: Store
    redis: Any
    clock: ShiftedClock
    random: random.Random
    patience: timedelta
    """How long to wait, in real time, for what other processes do."""
    recipients: dict[str, str] = field(default_factory=dict)
    caught: set[str] = field(default_factory=set)
    kills: int = 0
    log_at: int = 0
    """Where in the worker's log the one that was started last begins."""

    async def kill_amid(self, victim: str, declines: int) -> None:
        """Decline renewals, and kill the victim somewhere amid what follows."""
        burst = asyncio.create_task(self._decline(declines))
        await asyncio.sleep(self.random.uniform(0, LATEST_KILL_SECONDS))
        await self._kill(victim)
        await burst

    async def restart_amid(self, victim: str, declines: int) -> int:
        """Decline renewals, restart one part in order amid what follows, and give its exit code."""
        burst = asyncio.create_task(self._decline(declines))
        await asyncio.sleep(self.random.uniform(0, LATEST_KILL_SECONDS))
        code = await self._restart(victim)
        await burst
        return code

    async def kill_in_the_gap(self) -> None:
        """Kill the worker after it has handed over a mail, and before it has heard the answer."""
        faults = f"{self.stack.mailbox_url}/faults"

        async def carried_out() -> bool:
            async with self.stack.http.get(faults) as response:
                return bool(await response.json() == {})

        async with self.stack.http.post(faults, json={"stage": "message", "what": "stall"}):
            pass
        await self._decline(1)
        await self._until(carried_out)
        await self._kill(WORKER)

    async def let_a_minute_pass(self) -> None:
        """End the worker, so that nobody is at work, let a minute pass for everything, and start it again."""
        await self._until(self._all_acknowledged)
        await self._until(self._worker_works)
        await self.stack.parts[WORKER].stop()
        ended = self.stack.parts[WORKER].process.returncode
        assert ended == 0, ended
        self.clock.forward_to(self.clock() + A_MINUTE)
        await let_pass_in_redis(A_MINUTE, self.redis)
        await self.stack.start(WORKER)

    async def settle(self) -> History:
        """Wait until nothing is left to be done, or long enough, and give all that has happened."""
        with contextlib.suppress(TimeoutError):  # what is not done then, the checker will name
            await self._until(self._nothing_waits)
        acknowledged = {
            sent["event_id"]: sent["body"]["data"]["id"]
            for sent in await self._notifications()
            if 200 in sent["answers"] and sent["event_type"] in USED
        }
        states = await self.redis.mget([keys.event(event_id) for event_id in acknowledged])
        return History(
            acknowledged=acknowledged,
            handled={event_id for event_id, state in zip(acknowledged, states, strict=True) if state == b"h"},
            deliveries=await self._deliveries(),
            mails=await self.stack.mails(),
            recipients=self.recipients,
            caught=self.caught,
        )

    async def _until(self, look: Callable[[], Awaitable[bool]]) -> None:
        await until(look, within_seconds=self.patience.total_seconds())

    async def _decline(self, number: int) -> None:
        for _ in range(number):
            email = f"customer.{len(self.recipients)}@customer.example"
            customer = await self.stack.twin("customers", name="Ada Example", email=email)
            subscription = await self.stack.twin("subscriptions", customer_id=customer["id"])
            case_id = (await self.stack.twin(f"subscriptions/{subscription['id']}/decline"))["id"]
            self.recipients[case_id] = email

    async def _kill(self, victim: str) -> None:
        self.kills += 1
        if victim == REDIS:
            os.kill(self.stack.server.pid, signal.SIGKILL)
            self.stack.server.stop()
            self.stack.server.start()
            return
        await self.stack.parts[victim].kill()
        if victim == WORKER:
            deliveries = await self._deliveries()
            self.caught |= {case for case, one in deliveries.items() if one.state is DeliveryState.SENDING}
            self.log_at = self.stack.parts[WORKER].log.stat().st_size
        await self.stack.start(victim)

    async def _restart(self, victim: str) -> int:
        if victim == REDIS:
            self.stack.server.stop()
            self.stack.server.start()
            return 0
        await (self._until(self._worker_works) if victim == WORKER else self.stack.until_ready())
        part = self.stack.parts[victim]
        await part.stop()
        code = part.process.returncode
        assert code is not None
        if victim == WORKER:
            self.log_at = part.log.stat().st_size
        await self.stack.start(victim)
        return code

    async def _worker_works(self) -> bool:
        """Tell whether the worker that was started last has come so far that it takes a SIGTERM."""
        return b'"worker.started"' in self.stack.parts[WORKER].log.read_bytes()[self.log_at :]

    async def _deliveries(self) -> dict[str, Delivery]:
        ids = list(self.recipients)
        read = await self.store.cases.read_versioned(ids) if ids else []
        return {case_id: one.case.delivery("first") for case_id, one in zip(ids, read, strict=True) if one.case}

    async def _notifications(self) -> list[dict[str, Any]]:
        async with self.stack.http.get(f"{self.stack.twin_url}/_twin/notifications") as response:
            sent: list[dict[str, Any]] = await response.json()
            return sent

    async def _all_acknowledged(self) -> bool:
        return all(sent["status"] == "delivered" for sent in await self._notifications())

    async def _nothing_waits(self) -> bool:
        deliveries = await self._deliveries()
        return (
            deliveries.keys() == self.recipients.keys()
            and all(one.is_settled(repeats=1) for one in deliveries.values())
            and not await self.redis.zcard(keys.INBOX)
            and not await self.redis.zcard(QUEUE)
        )


@asynccontextmanager
async def kill_round(folder: Path, seed: int, patience: timedelta) -> AsyncIterator[KillRound]:
    """Run the service. The round's chances are the seed's."""
    clock = ShiftedClock(folder / "clock")
    async with running_stack(mint=LinkMint.CLICK, campaign=CAMPAIGN, clock=clock) as stack:
        store, redis = Store.open(stack.server.url, rate_limit=1), connect(stack.server.url)
        try:
            yield KillRound(stack, store, redis, clock, random.Random(seed), patience)  # noqa: S311 - no secret
        finally:
            await redis.aclose()
            await store.close()
            print(stack.logs())  # noqa: T201 - pytest shows it for a test that failed


def order(victims: Sequence[str], kills: int, seed: int) -> list[str]:
    """Return whom to kill, one after the other: each as often as the others."""
    chosen = [victims[number % len(victims)] for number in range(kills)]
    random.Random(seed).shuffle(chosen)  # noqa: S311 - no secret
    return chosen
