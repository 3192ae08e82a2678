"""One declined renewal at a time: how long from its webhook to the mail server's 250, and the API calls it takes."""

import asyncio
import random
import re
import time

from bench.figures import Figure, at_most, percentile
from bench.load import put_load
from bench.notifications import request
from bench.service import BrokenError, Service, running_service

ROUNDS = 3
MAILS = 100
CLICKS = 10
WITHIN_SECONDS = 30.0
# The sweep runs ten times a second: mails in step with it would all take as long.
SWEEP_SECONDS = 0.1

MINT = "POST /customers/{id}/portal-sessions"
LINK = re.compile(r"^http\S+/pay/\S+$", re.MULTILINE)


async def measure() -> list[Figure]:
    """Decline, wait for the mail, click, and count."""
    async with running_service(["webhooks", "worker"], mails_at_once=True) as service:
        await _mail(service, 0)  # the first finds every connection yet to be made
        medians, slowest, calls, clicks = [], [], [], []
        for _ in range(ROUNDS):
            before = service.twin.counts.total()
            took = [await _mail(service, number) for number in range(MAILS)]
            medians.append(1000 * percentile(took, 50))
            slowest.append(1000 * percentile(took, 99))
            calls.append((service.twin.counts.total() - before) / MAILS)
            clicks.append(await _calls_of_a_click(service))
    return [
        Figure("webhook to the mail server's 250, median", "ms", tuple(medians), at_most(150)),
        Figure(f"webhook to the mail server's 250, 99 % of {MAILS}", "ms", tuple(slowest), at_most(400)),
        Figure("API calls for a mail alone", "calls", tuple(calls), at_most(2)),
        Figure("API calls for a click", "calls", tuple(clicks), at_most(2)),
    ]


async def _mail(service: Service, number: int) -> float:
    """Decline a renewal, and return the seconds from its webhook to its mail."""
    await asyncio.sleep(random.uniform(0, SWEEP_SECONDS))  # noqa: S311 - only that they differ
    expected = len(service.mailbox.mails) + 1
    requests = [request(body, service.secret) for body in service.decline(number)]
    began = time.perf_counter()
    load = await put_load("127.0.0.1", service.port, requests, connections=1)
    mails = await service.mailbox.wait_for(expected, within_seconds=WITHIN_SECONDS)
    took = time.perf_counter() - began
    if load.refused or len(mails) != expected:
        raise BrokenError(f"{load.refused} webhooks were refused, and {len(mails)} mails came instead of {expected}")
    return took


async def _calls_of_a_click(service: Service) -> float:
    before = service.twin.counts.total()
    for mail in service.mailbox.mails[-CLICKS:]:
        link = LINK.search(mail.text)
        if link is None:
            raise BrokenError("a mail has no link on a line of its own")
        async with service.stack.http.post(link.group(), allow_redirects=False) as answer:
            if "token=" not in answer.headers.get("Location", ""):
                raise BrokenError(f"a click was answered {answer.status}, without a link into the portal")
    return (service.twin.counts.total() - before) / CLICKS
