"""A storm against the default API budget: how many mails a minute it allows, minute after minute."""

import asyncio
from itertools import pairwise

from bench.budget import MINUTE, OUR_LIMIT, PADDLES_LIMIT
from bench.figures import Figure, at_most
from bench.service import BrokenError, running_service, until_logged
from bench.storm import open_cases
from dunning.store import Store
from paddle_twin.server import utc_now

MINUTES = 3
# More than so many minutes' worth of the budget.
STEPS = 15_000
WITHIN_SECONDS = 60.0


async def measure() -> list[Figure]:
    """Let more mails be due at once than some minutes allow, and count those that come in each."""
    async with running_service(
        ["webhooks", "worker"], mails_at_once=True, our_limit=OUR_LIMIT, paddles_limit=PADDLES_LIMIT
    ) as service:
        # A worker that begins asks Paddle for what it missed. Those calls are no mail's.
        await until_logged(service, "worker", "reconcile.done")
        store = Store.open(service.stack.server.url, rate_limit=OUR_LIMIT)
        await store.brakes.pause(None, "until all are due", utc_now())
        await open_cases(service, utc_now, STEPS)
        called = len(service.twin.calls)
        await store.brakes.resume(None, utc_now())
        await store.close()
        await service.mailbox.wait_for(1, within_seconds=WITHIN_SECONDS)
        counts = [0]
        for _ in range(MINUTES):
            await asyncio.sleep(MINUTE)
            counts.append(len(service.mailbox.mails))
        calls = service.twin.calls[called:]
    if counts[-1] == STEPS:
        raise BrokenError("there was no pressure: every mail went out")
    return [
        Figure(
            f"mails a minute, {STEPS:,} due at once",
            "mails",
            tuple(float(after - before) for before, after in pairwise(counts)),
        ),
        Figure("API calls for each of them", "calls", (len(calls) / counts[-1],), at_most(0.045)),
        Figure(
            "calls answered 429",
            "calls",
            (float(sum(call.status == 429 for call in calls)),),  # noqa: PLR2004 - as HTTP has it
            at_most(0),
        ),
    ]
