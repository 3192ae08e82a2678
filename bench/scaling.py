"""A storm against the default API budget: how many mails a minute it allows, minute after minute.

First by the budget alone: the worker's own jobs, over the store in memory, on a simulated clock. Then as one worker
sends them, which also takes its time.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bench.budget import MINUTE, OUR_LIMIT, PADDLES_LIMIT
from bench.figures import Figure, at_most, busiest
from bench.service import BrokenError, running_service, until_logged
from bench.storm import open_cases
from cli.plan.simulate.entities import Customer, Subscription
from cli.plan.simulate.post_office import PostOffice
from cli.plan.simulate.rehearsal import Rehearsal, quietly
from cli.plan.simulate.unwritten import Unwritten
from dunning.campaign_file.reader import parse_campaigns, shipped
from dunning.store import Store
from paddle_twin.server import utc_now

MINUTES = 2
# More than so many minutes' worth of the budget.
STEPS = 9_000
WITHIN_SECONDS = 60.0

BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
# The shipped campaign's first mail after a hard decline is due then.
FIRST_DUE = BEGAN + timedelta(hours=2)


class Storm(Rehearsal):
    """So many renewals of as many customers, declined at once. Their first mails are due at `FIRST_DUE`."""

    def __init__(self, count: int) -> None:
        """Plan it. The number of a debt is the end of its id."""
        campaigns = parse_campaigns(shipped(), "default.toml")
        super().__init__(BEGAN, campaigns, Unwritten(), PostOffice, breaker="off", lasts=timedelta(hours=3))
        for number in range(count):
            customer, subscription, bill = (f"{kind}_{number:026d}" for kind in ("ctm", "sub", "txn"))
            self.paddle.customers[customer] = Customer(customer, "Rosa Lume", f"rosa.{number}@lamplight.example")
            self.paddle.subscriptions[subscription] = Subscription(
                subscription, customer, "Lantern", f"pro_{0:026d}", f"pri_{0:026d}", 2400, "EUR", "4242"
            )
            self.paddle.decline(subscription, bill, "expired_card", BEGAN)

    async def mailed(self) -> dict[str, timedelta]:
        """Play it, and return how long after it was due the mail of each debt came.

        Raises:
            BrokenError: a mail came twice.
        """
        with quietly():
            await self.play()
        letters = self.services.transport.letters if isinstance(self.services.transport, PostOffice) else []
        found = {letter.case_id: letter.at - FIRST_DUE for letter in letters}
        if len(found) < len(letters):
            raise BrokenError("a mail came twice")
        return found


async def measure() -> list[Figure]:
    """Let more mails be due at once than some minutes allow, and count those that come in each."""
    minutes = Counter(after // timedelta(minutes=1) for after in (await Storm(STEPS).mailed()).values())
    allowed = Figure(
        f"mails a minute that the budget allows, {STEPS:,} due at once",
        "mails",
        tuple(float(minutes[number]) for number in range(MINUTES)),
    )
    return [allowed, *await _sent()]


async def _sent() -> list[Figure]:
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
    refused = sum(call.status == 429 for call in calls)  # noqa: PLR2004 - as HTTP has it
    most = busiest([call.at_seconds for call in calls], MINUTE)
    return [
        Figure(
            "of these, sent by one worker", "mails", tuple(float(after - before) for before, after in pairwise(counts))
        ),
        Figure("calls in the busiest 60 s", "calls", (float(most),), at_most(OUR_LIMIT)),
        Figure("calls answered 429", "calls", (float(refused),), at_most(0)),
    ]
