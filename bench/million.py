"""A million cases, each with a month of its own, by the rules alone: how many mails went out that should not have.

It plays what `dunning simulate` plays, on a clock that is only a value: declined renewals of every kind, people who
pay, cancel, pause and dispute, webhooks that are lost, late and doubled, mail servers that refuse or fall silent, and
workers that are killed. What is right is read from Paddle's side at the moment of each mail.
`python -m bench.million 20000` plays so many.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from multiprocessing import get_context

import click

from bench.figures import Figure, at_most
from bench.table import render
from cli.simulate.entities import Customer, Subscription
from cli.simulate.paddle import Happening
from cli.simulate.rehearsal import WEBHOOK_TAKES, Rehearsal
from cli.simulate.sending import Sending
from dunning.campaign import Campaign, SendBetween
from dunning.campaign_file import parse_campaigns, shipped
from dunning.declines import CODES
from dunning.delivery import FINAL, DeliveryState
from dunning.time_zones import zone_of

CASES = 1_000_000
CHUNK = 2_500
BEGAN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# The last debt fails within a fortnight, and 35 days later its case has ended, whatever webhooks were lost.
LASTS = 14 * DAY + 36 * DAY

COUNTRIES = ("US", "GB", "DE", "JP", "BR", "IN", "NZ", None)
DECLINES = (*CODES, "a_code_of_tomorrow")
HOURS = SendBetween(time_of_day(8), time_of_day(18))
BILLS = tuple(f"txn_{number:026d}" for number in range(4))
SUBSCRIPTIONS = tuple(f"sub_{number:026d}" for number in range(2))
CUSTOMER = "ctm_" + "0" * 26
ADDRESS = "ada@customer.example"


async def measure() -> list[Figure]:
    """Play them all, over all of this machine's cores."""
    return await play(CASES)


async def play(cases: int) -> list[Figure]:
    """Play this many cases, and count."""
    began = time.perf_counter()
    workers = os.cpu_count() or 1
    loop = asyncio.get_running_loop()
    seeds = range(0, cases, CHUNK)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        parts = [loop.run_in_executor(pool, _play_chunk, seed, min(CHUNK, cases - seed)) for seed in seeds]
        counts: Counter[str] = Counter()
        for part in asyncio.as_completed(parts):
            counts += await part
    seconds = time.perf_counter() - began
    return _figures(counts, seconds, workers)


def _figures(counts: Counter[str], seconds: float, workers: int) -> list[Figure]:
    cases = counts["cases"]
    return [
        Figure(
            f"wrong mails, of {counts['mails']:,} in {cases:,} cases", "mails", (float(counts["wrong"]),), at_most(0)
        ),
        Figure("mails that came twice, none of them flagged", "mails", (float(counts["unflagged"]),), at_most(0)),
        Figure("steps that were due and ended without a reason", "steps", (float(counts["untold"]),), at_most(0)),
        Figure("cases that did not end", "cases", (float(counts["open"]),), at_most(0)),
        Figure(f"months of a case, {workers} processes", "a second", (cases / seconds,)),
    ]


def _play_chunk(seed: int, cases: int) -> Counter[str]:
    """Play so many cases; the same seed plays the same."""
    rng = random.Random(seed)  # noqa: S311 - it is to be the same each time
    (campaign,) = parse_campaigns(shipped(), "default.toml")
    campaigns = [campaign, replace(campaign, send_between=HOURS)]
    counts: Counter[str] = Counter()
    while counts["cases"] < cases:
        Month(rng, rng.choice(campaigns), counts).play()
    return counts


class Month:
    """A month of one customer, with one case or several."""

    def __init__(self, rng: random.Random, campaign: Campaign, counts: Counter[str]) -> None:
        self._rng = rng
        self._campaign = campaign
        self._counts = counts
        self._arrived: Counter[tuple[str, str]] = Counter()
        self._bounced: set[str] = set()
        self._rehearsal = Rehearsal(
            BEGAN,
            [campaign],
            self,
            is_suppressed=self._bounced.__contains__,
            jitter=rng.random,
            travel=self._travel,
            lasts=LASTS,
        )
        self._country = rng.choice(COUNTRIES)

    def play(self) -> None:
        """Play it, and count what came of it."""
        paddle, rng = self._rehearsal.paddle, self._rng
        paddle.customers[CUSTOMER] = Customer(CUSTOMER, "Ada", ADDRESS, country=self._country)
        for number, subscription_id in enumerate(SUBSCRIPTIONS):
            paddle.subscriptions[subscription_id] = Subscription(
                subscription_id, CUSTOMER, "Lantern", f"pro_{number:026d}", f"pri_{number:026d}", 2900, "EUR"
            )
        self._rehearsal.plan(BEGAN, partial(self._live, SUBSCRIPTIONS[0], list(BILLS[:2])))
        if rng.random() < 0.1:  # noqa: PLR2004 - one in ten has a second subscription that fails
            self._then(timedelta(0), 3 * DAY, partial(self._live, SUBSCRIPTIONS[1], list(BILLS[2:])))
        self._rehearsal.play()
        for case in self._rehearsal.memory.cases():
            self._counts["cases"] += 1
            self._counts["open"] += case.is_open
            self._counts["untold"] += sum(
                not (delivery.state in FINAL or delivery.state is DeliveryState.UNKNOWN) or not delivery.reason
                for delivery in case.deliveries.values()
            )

    def take(self, sending: Sending, now: datetime) -> DeliveryState | None:
        """Take a mail, and count it as wrong if it is."""
        paddle, mail = self._rehearsal.paddle, sending.mail
        key = (mail.case.id, mail.step.name)
        named = [mail.case.id, *(one.case.id for one in mail.named)]
        self._counts["mails"] += 1
        self._counts["wrong"] += (
            any(paddle.bills[one].status != "past_due" for one in named)
            or paddle.customers[CUSTOMER].status != "active"
            or ADDRESS in self._bounced
            or not self._is_in_hours(now)
        )
        self._counts["unflagged"] += bool(self._arrived[key]) and not sending.delivery.unknowns
        ended = self._rng.random()
        if ended < 0.01:  # noqa: PLR2004 - one in a hundred each
            return DeliveryState.REFUSED
        if ended < 0.02:  # noqa: PLR2004 - same
            return DeliveryState.PLANNED
        self._arrived[key] += 1
        if ended < 0.03:  # noqa: PLR2004 - same
            return DeliveryState.UNKNOWN
        return None if ended < 0.04 else DeliveryState.SENT  # noqa: PLR2004 - same

    def _live(self, subscription_id: str, bills: list[str], now: datetime) -> None:
        """Decline a renewal, and let one of the things happen that end it."""
        paddle, rng, bill = self._rehearsal.paddle, self._rng, bills.pop(0)
        if paddle.subscriptions[subscription_id].status in {"canceled", "paused"}:
            return
        paddle.decline(subscription_id, bill, rng.choice(DECLINES), now)
        for _ in range(rng.randrange(4)):
            self._then(now - self._rehearsal.began, 25 * DAY, partial(self._retry, bill))
        if bills and rng.random() < 0.1:  # noqa: PLR2004 - one in ten has a second debt
            self._then(now - self._rehearsal.began, 10 * DAY, partial(self._live, subscription_id, bills))
        since = now - self._rehearsal.began
        what = rng.random()
        if what < 0.55:  # noqa: PLR2004 - as many as are won back, more or less
            self._then(since, 29 * DAY, partial(self._pay, bill))
        elif what < 0.75:  # noqa: PLR2004 - the rest is spread over all else that can happen
            self._then(since, 29 * DAY, partial(self._end, subscription_id, rng.choice(["canceled", "paused"])))
        elif what < 0.85:  # noqa: PLR2004 - same
            self._then(since, 20 * DAY, partial(self._turn_away, subscription_id))
        self._rehearsal.plan(now + 30 * DAY, partial(self._end, subscription_id, "canceled"))

    def _then(self, since: timedelta, within: timedelta, act: "partial[None]") -> None:
        self._rehearsal.plan(self._rehearsal.began + since + within * self._rng.random(), act)

    def _retry(self, bill_id: str, now: datetime) -> None:
        if self._rehearsal.paddle.bills[bill_id].status == "past_due":
            self._rehearsal.paddle.retry(bill_id, self._rng.choice(DECLINES), now)

    def _pay(self, bill_id: str, now: datetime) -> None:
        if self._rehearsal.paddle.bills[bill_id].status == "past_due":
            self._rehearsal.paddle.pay(bill_id, now, new_method=self._rng.random() < 0.5)  # noqa: PLR2004 - half

    def _end(self, subscription_id: str, status: str, now: datetime) -> None:
        found = self._rehearsal.paddle.subscriptions[subscription_id]
        if found.status == "past_due":
            self._rehearsal.paddle.end(subscription_id, status, now)

    def _turn_away(self, subscription_id: str, now: datetime) -> None:
        paddle = self._rehearsal.paddle
        match self._rng.randrange(5):
            case 0:
                paddle.charge_back(subscription_id, BILLS[0], now)
            case 1:
                paddle.collect_by_invoice(subscription_id, now)
            case 2:
                paddle.schedule(subscription_id, "cancel", now)
            case 3:
                paddle.archive(CUSTOMER, now)
            case _:
                self._bounced.add(ADDRESS)

    def _travel(self, _happening: Happening) -> Sequence[timedelta]:
        """Lose one webhook in fifty, bring one late, for up to three days, and one twice."""
        what = self._rng.random()
        if what < 0.02:  # noqa: PLR2004 - one in fifty each
            return ()
        if what < 0.04:  # noqa: PLR2004 - same
            return (3 * DAY * self._rng.random(),)
        if what < 0.06:  # noqa: PLR2004 - same
            return (WEBHOOK_TAKES, 3 * DAY * self._rng.random())
        return (WEBHOOK_TAKES,)

    def _is_in_hours(self, now: datetime) -> bool:
        between = self._campaign.send_between
        return between is None or between.opens <= now.astimezone(zone_of(self._country)).time() < between.closes


@click.command()
@click.argument("cases", type=int, default=CASES)
def main(cases: int) -> None:
    """Play CASES cases."""
    click.echo(render([("million", asyncio.run(play(cases)))]))


if __name__ == "__main__":
    main()
