"""The cases as Redis holds them, each with its story; and what is due for them, which is where running time stops."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.demo.page.scene import Json, Scene
from cli.demo.page.timeline import PADDLE_GIVES_UP_AFTER, stops, timeline, upcoming
from cli.demo.page.world import names, price_of
from dunning.rules.campaign import Campaign
from dunning.rules.case import Case
from dunning.store import Store
from worker.services import REPEATS_WITHOUT_KEY

_UNDER_WAY = ("unhandled_events", "queued_jobs", "oldest_due_seconds")


@dataclass(frozen=True, slots=True)
class DemoCases:
    """Reads the cases of the twin's transactions."""

    scene: Scene
    store: Store
    campaign: Campaign

    async def shown(self, world: Json) -> list[Json]:
        """Return every case with its timeline, newest first."""
        found = await self._read(world)
        stories = await asyncio.gather(*(self.store.cases.story(case.id) for case in found))
        people, products, bills = names(world), {s["id"]: s for s in world["subscriptions"]}, _bills(world)
        return [
            {
                "id": case.id,
                "subscription_id": case.subscription_id,
                "customer": people.get(case.customer_id, ""),
                "product": products[case.subscription_id]["items"][0]["product"]["name"],
                "amount": price_of(bills[case.id]),
                "code": case.reason_code,
                "decline_class": case.decline_class,
                "state": case.state,
                "timeline": timeline(case, story, world["notifications"], self.campaign),
                "upcoming": upcoming(case, self.campaign),
            }
            for case, story in sorted(
                zip(found, stories, strict=True), key=lambda pair: pair[0].failed_at, reverse=True
            )
        ]

    async def next_stop(self, now: datetime) -> datetime | None:
        """Return the next moment at which a step is due or Paddle gives up."""
        moments = [at for case in await self._read(await self.scene.world()) for at in self._stops(case)]
        return min((at for at in moments if at > now), default=None)

    async def act(self, now: datetime) -> None:
        """Cancel the subscriptions that Paddle has given up on."""
        for case in await self._read(await self.scene.world()):
            if case.is_open and now >= case.failed_at + PADDLE_GIVES_UP_AFTER:
                await self.scene.cancel(case.subscription_id)

    async def is_quiet(self, now: datetime) -> bool:
        """Tell whether all webhooks are answered, all events handled and all steps that were due dealt with."""
        gauges = (await self.store.health.snapshot(now)).gauges
        if any(gauges[name] for name in _UNDER_WAY):
            return False
        world = await self.scene.world()
        return all(sent["status"] in {"delivered", "failed"} for sent in world["notifications"])

    async def _read(self, world: Json) -> list[Case]:
        ids = [transaction["id"] for transaction in world["transactions"]]
        if not ids:
            return []
        return [read.case for read in await self.store.cases.read_versioned(ids) if read.case]

    def _stops(self, case: Case) -> Sequence[datetime]:
        return stops(case, self.campaign, REPEATS_WITHOUT_KEY)


def _bills(world: Json) -> dict[str, Json]:
    return {transaction["id"]: transaction for transaction in world["transactions"]}
