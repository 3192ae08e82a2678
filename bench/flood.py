"""A flood of failures while thousands of steps are due: what is accepted, how much of the API budget is used, clicks.

The failures come in three waves, each twice as large as the one before, so that one sees whether a larger one goes
slower. Meanwhile the links of the mails that came are clicked, one after the other.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from bench.budget import MINUTE, OUR_LIMIT, PADDLES_LIMIT
from bench.figures import Figure, at_least, at_most
from bench.load import put_load
from bench.notifications import declines, request
from bench.service import BrokenError, Service, running_service
from bench.storm import PASS, open_cases
from cli.lab.clock import ShiftedClock
from cli.lab.mailbox.server import ReceivedMail

# Four API calls for ninety: more than two minutes' worth of the budget.
STEPS = 9_000
WAVES = (5_000, 10_000, 20_000)
# Signed and sent at a time: a signature is good for a minute.
CHUNK = 1_000
CONNECTIONS = 8
WITHIN_SECONDS = 600.0
# Less than what background work leaves free for clicks: a twentieth of the budget.
BETWEEN_CLICKS_SECONDS = 8.0
SEE_OTHER = 303


@dataclass(slots=True)
class Clicks:
    """How long each click took, and how many did not lead to Paddle, signed in."""

    seconds: list[float]
    astray: int = 0


async def measure() -> list[Figure]:
    """Let the flood come."""
    with tempfile.TemporaryDirectory() as folder:
        clock = ShiftedClock(Path(folder) / "ahead")
        async with running_service(
            ["webhooks", "worker"], clock=clock, our_limit=OUR_LIMIT, paddles_limit=PADDLES_LIMIT
        ) as service:
            await open_cases(service, clock, STEPS)
            before = len(service.twin.calls)
            clock.forward_to(clock() + PASS)
            clicks = Clicks([])
            clicking = asyncio.create_task(_click(service, clicks))
            rates = [await _accept(service, clock, wave) for wave in WAVES]
            mails = await service.mailbox.wait_for(STEPS, within_seconds=WITHIN_SECONDS)
            clicking.cancel()
            calls = service.twin.calls[before:]
    return [
        Figure(f"failures accepted while {STEPS:,} steps are due", "a second", tuple(rates)),
        Figure(f"{WAVES[-1]:,} at once against {WAVES[0]:,}", "ratio", (rates[-1] / rates[0],)),
        Figure("share of the API budget used", "%", _shares([call.at_seconds for call in calls]), at_least(95)),
        Figure(
            "calls answered 429",
            "calls",
            (float(sum(call.status == 429 for call in calls)),),  # noqa: PLR2004 - as HTTP has it
            at_most(0),
        ),
        Figure("the slowest click", "ms", (1000 * max(clicks.seconds),), at_most(1000)),
        Figure("clicks that did not lead to Paddle", f"of {len(clicks.seconds)}", (float(clicks.astray),), at_most(0)),
        Figure("mails that a customer got twice", "mails", (float(len(mails) - STEPS),), at_most(0)),
    ]


async def _accept(service: Service, clock: ShiftedClock, count: int) -> float:
    """Have so many failures accepted, and return how many that were in a second."""
    bodies = [one.body for one in declines(count)]
    seconds = 0.0
    for start in range(0, count, CHUNK):
        requests = [request(body, service.secret, at=clock()) for body in bodies[start : start + CHUNK]]
        load = await put_load("127.0.0.1", service.port, requests, connections=CONNECTIONS)
        if load.refused:
            raise BrokenError(f"{load.refused} of {len(requests)} failures were refused")
        seconds += load.seconds
    return count / seconds


async def _click(service: Service, clicks: Clicks) -> None:
    """Click one mail's link after the other, for as long as there are mails."""
    async with ClientSession() as http:
        clicked = 0
        while True:
            await asyncio.sleep(BETWEEN_CLICKS_SECONDS)
            if len(service.mailbox.mails) <= clicked:
                continue
            link = _link_in(service.mailbox.mails[clicked])
            clicked += 1
            began = time.perf_counter()
            async with http.post(link, allow_redirects=False) as answer:
                clicks.seconds.append(time.perf_counter() - began)
                signed_in = "token=" in answer.headers.get("Location", "")
                clicks.astray += not (answer.status == SEE_OTHER and signed_in)


def _link_in(mail: ReceivedMail) -> str:
    return next(line for line in mail.text.splitlines() if "/pay/" in line)


def _shares(moments: list[float]) -> tuple[float, ...]:
    """Return the share of the budget that was used in each whole minute of the first two, from its first call on."""
    shares = []
    left = sorted(moments)
    for _ in range(2):
        minute = [moment for moment in left if moment < left[0] + MINUTE]
        shares.append(100 * len(minute) / OUR_LIMIT)
        left = left[len(minute) :]
    return tuple(shares)
