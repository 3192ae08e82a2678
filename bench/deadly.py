"""A rehearsal whose workers are killed, and which counts what stood in the way of its mails."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from bench.healing import Healer
from cli.plan.simulate.mortal import Killed, Life, watched
from cli.plan.simulate.rehearsal import Rehearsal
from worker.handle_event import handle_event, handle_events
from worker.send.batch import send_steps
from worker.services import Services

# An event whose job died is driven again within this.
REDRIVEN_AFTER = timedelta(seconds=20)
KILLED = "killed"


class Deadly(Rehearsal):
    """Kills one worker in thirty, in the middle of whatever it does."""

    met: Counter[str] | None = None
    """Counts the killed, and the sweeps that left what was due: by what stood in their way."""
    _healer: Healer | None = None
    _healed = False

    async def reconcile(self) -> bool:
        """Let a worker reconcile what is due to be, or a part of it, and run the jobs that this queues.

        Returns whether nothing went wrong.
        """
        self._healed = False
        await self._run(self._heal)
        await self.work()
        return self._healed

    async def run_events(self, event_ids: Sequence[str]) -> None:
        """Run the job of events that came together, or a part of it."""
        await self._run(handle_events, event_ids)

    async def run_event(self, event_id: str) -> None:
        """Run the job of an event that is queued by itself, or a part of it."""
        await self._run(handle_event, event_id)

    async def run_batch(self, case_ids: Sequence[str], grant_ids: Sequence[str]) -> None:
        """Run the job of a batch of due cases, or a part of it."""
        await self._run(send_steps, case_ids, grant_ids)

    async def _heal(self, services: Services) -> None:
        if services is not self.services:  # it will be killed, and the worker that is there goes on
            self._healed = await Healer(services).look()
            return
        self._healer = self._healer or Healer(services)
        self._healed = await self._healer.look()

    async def _run(self, job: Callable[..., Awaitable[None]], *ids: object) -> None:
        if self.services.chance.jitter() > 1 / 30:
            await job(self.services, *ids)
            return
        try:
            await job(watched(self.services, Life(round(60 * self.services.chance.jitter()))), *ids)
        except Killed:
            self._count(KILLED)
        self.plan(self.now + REDRIVEN_AFTER, lambda _now: self.redrive())

    def _wait_for(self, why: str) -> None:
        self._count(why)
        super()._wait_for(why)

    def _count(self, what: str) -> None:
        if self.met is not None:
            self.met[f"met: {what}"] += 1
