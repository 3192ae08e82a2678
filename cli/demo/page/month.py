"""A month before the demo begins: made-up people, whose renewals the real processes deal with in quick motion."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from operator import itemgetter

from cli.demo.page.cases import DemoCases
from cli.demo.page.scene import RefusedError, Scene
from cli.lab.clock import ShiftedClock
from dunning.casebook.about import read_about

LASTS = timedelta(days=30)
PEOPLE = 16
CODES = ("expired_card", "insufficient_funds", "declined", "issuer_unavailable")
POLL_SECONDS = 0.05
# Work that is held up is not waited for any longer.
PATIENCE_SECONDS = 10.0

Do = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Month:
    """What happens, and where."""

    scene: Scene
    cases: DemoCases
    clock: ShiftedClock
    public_url: str
    people: int = PEOPLE

    async def play(self) -> None:
        """Play it: at each moment at which somebody acts or something is due, and wait until all is dealt with."""
        end = self.clock() + LASTS
        agenda = [*await self._planned()]
        while (now := self.clock()) < end:
            moments = [end, *(at for at, _ in agenda), await self.cases.next_stop(now)]
            self.clock.forward_to(min(at for at in moments if at is not None))
            now = self.clock()
            for at, do in [*agenda]:
                if at <= now:
                    agenda.remove((at, do))
                    with contextlib.suppress(RefusedError):  # it was paid, or canceled, before
                        await do()
            await self.cases.act(now)
            await self._until_quiet()

    async def _planned(self) -> list[tuple[datetime, Do]]:
        """Plan the month: each renewal is declined, and then paid by the link, paid unasked, canceled, or left."""
        began, planned = self.clock(), list[tuple[datetime, Do]]()
        known = {one["id"] for one in (await self.scene.world())["subscriptions"]}
        for _ in range(self.people):
            await self.scene.add_customer()
        fresh = [one["id"] for one in (await self.scene.world())["subscriptions"] if one["id"] not in known]
        for number, subscription_id in zip(count(), fresh, strict=False):
            declined_at = began + number * LASTS / (len(fresh) + 1)
            planned.append((declined_at, self._decline(subscription_id, CODES[number % len(CODES)])))
            match number % 4:
                case 0:
                    planned.append((declined_at + timedelta(days=1.5), self._pay_by_link(subscription_id)))
                case 1:
                    planned.append((declined_at + timedelta(days=4), self._pay(subscription_id)))
                case 2:
                    planned.append((declined_at + timedelta(days=9), self._cancel(subscription_id)))
                case _:
                    pass
        return sorted(planned, key=itemgetter(0))

    def _decline(self, subscription_id: str, code: str) -> Do:
        return lambda: self.scene.decline(subscription_id, code)

    def _pay(self, subscription_id: str) -> Do:
        return lambda: self.scene.pay(subscription_id)

    def _cancel(self, subscription_id: str) -> Do:
        return lambda: self.scene.cancel(subscription_id)

    def _pay_by_link(self, subscription_id: str) -> Do:
        async def follow() -> None:
            world = await self.scene.world()
            owed = {one["id"] for one in world["transactions"] if one["subscription_id"] == subscription_id}
            start = f"{self.public_url}/pay/"
            for mail in reversed(await self.scene.mails()):
                for line in mail["text"].splitlines():
                    if line.startswith(start) and read_about(line) in owed:
                        async with self.scene.http.post(line, allow_redirects=False):
                            await self.scene.pay(subscription_id)
                            return
            await self.scene.pay(subscription_id)

        return follow

    async def _until_quiet(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self.cases.is_quiet(self.clock()):  # noqa: ASYNC110 - other processes are at work
                    await asyncio.sleep(POLL_SECONDS)
