"""How much of the API budget is used while more is wanted than there is, and that Paddle never has to say 429.

The pressure comes from mails with Paddle's own link in them: each takes a call of its own, and more are due than a
minute allows. A minute and a quarter is watched, in which the budget is spent, waited for, and spent again.
"""

import asyncio
from dataclasses import dataclass

from bench.figures import Figure, at_least, at_most, busiest
from bench.load import put_load
from bench.notifications import request
from bench.service import BrokenError, running_service
from dunning.settings.load import LinkMint

OUR_LIMIT = 200
PADDLES_LIMIT = 240
SERVICES = 3
DECLINES = 450
WATCH_SECONDS = 75.0
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls that one Paddle counted: when each came, oldest first, and how many were answered 429."""

    moments: list[float]
    refused: int

    @property
    def in_the_first_minute(self) -> int:
        """How many came within a minute of the first."""
        return sum(moment < self.moments[0] + MINUTE for moment in self.moments)

    @property
    def until_the_next(self) -> float:
        """How many seconds after the first of all came the first that had to wait for its grant."""
        return self.moments[self.in_the_first_minute] - self.moments[0]


async def measure() -> list[Figure]:
    """Watch several services at once, each with a Paddle of its own: most of what they do is wait."""
    watched = await asyncio.gather(*(_watch() for _ in range(SERVICES)))
    used = tuple(100 * calls.in_the_first_minute / OUR_LIMIT for calls in watched)
    most = tuple(float(busiest(calls.moments, MINUTE)) for calls in watched)
    return [
        Figure("share of the API budget used under pressure", "%", used, at_least(95)),
        Figure("calls in the busiest 60 s", "calls", most, at_most(OUR_LIMIT)),
        Figure("calls answered 429", "calls", tuple(float(calls.refused) for calls in watched), at_most(0)),
        Figure("until it is used anew, from the first call on", "s", tuple(calls.until_the_next for calls in watched)),
    ]


async def _watch() -> Calls:
    """Want more than there is, and return the calls."""
    async with running_service(
        ["webhooks", "worker"],
        mails_at_once=True,
        mint=LinkMint.SEND,
        our_limit=OUR_LIMIT,
        paddles_limit=PADDLES_LIMIT,
    ) as service:
        requests = [request(body, service.secret) for number in range(DECLINES) for body in service.decline(number)]
        load = await put_load("127.0.0.1", service.port, requests, connections=4)
        await asyncio.sleep(WATCH_SECONDS)
        if load.refused or len(service.mailbox.mails) >= DECLINES:
            raise BrokenError("there was no pressure: every mail went out")
        return Calls(
            sorted(call.at_seconds for call in service.twin.calls),
            sum(call.status == 429 for call in service.twin.calls),  # noqa: PLR2004 - as HTTP has it
        )
