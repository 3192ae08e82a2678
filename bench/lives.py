"""What people and Paddle do in a month of a customer, at random: declined renewals, and all that can end them."""

import random
from collections.abc import Awaitable
from datetime import datetime, timedelta
from functools import partial

from bench.forbidden import UNDER_WAY, Forbidden
from cli.plan.simulate.entities import Customer, Subscription
from cli.plan.simulate.rehearsal import Act, Rehearsal
from dunning.rules.declines import CODES
from dunning.suppression import address_key

DAY = timedelta(days=1)
COUNTRIES = ("US", "GB", "DE", "JP", "BR", "IN", "NZ", None)
DECLINES = (*CODES, "a_code_of_tomorrow")


class Life:
    """The life of a customer and of what they subscribed to. `number` tells the account's customers apart."""

    def __init__(self, number: int, rng: random.Random, rehearsal: Rehearsal, forbidden: Forbidden) -> None:
        self._rng = rng
        self._rehearsal = rehearsal
        self._forbidden = forbidden
        self._customer, self._buyer = _ids("ctm", 2, number)
        self._bills = _ids("txn", 4, number)
        self._address = f"ada-{number}@customer.example"
        self.subscriptions = _ids("sub", 2, number)

    def begin(self) -> None:
        """Let somebody subscribe, and plan what becomes of it."""
        paddle, rng = self._rehearsal.paddle, self._rng
        country = rng.choice(COUNTRIES)
        for who, address in ((self._customer, self._address), (self._buyer, f"of-{self._address}")):
            paddle.customers[who] = Customer(who, "Ada", address, country=country)
        for number, subscription_id in enumerate(self.subscriptions):
            paddle.subscriptions[subscription_id] = Subscription(
                subscription_id, self._customer, "Lantern", f"pro_{number:026d}", f"pri_{number:026d}", 2900, "EUR"
            )
        # Half of an account's renewals are declined at one moment, and their mails are due together.
        since = timedelta(0) if rng.random() < 0.5 else DAY * rng.random()  # noqa: PLR2004 - half
        bills = list(self._bills)
        self._rehearsal.plan(self._rehearsal.began + since, partial(self._live, self.subscriptions[0], bills[:2]))
        if rng.random() < 0.1:  # noqa: PLR2004 - one in ten has a second subscription that fails
            self.then(since, 3 * DAY, partial(self._live, self.subscriptions[1], bills[2:]))

    def then(self, since: timedelta, within: timedelta, act: Act) -> None:
        """Plan something for any moment of a span that begins so long after the month."""
        self._rehearsal.plan(self._rehearsal.began + since + within * self._rng.random(), act)

    def _live(self, subscription_id: str, bills: list[str], now: datetime) -> None:
        """Decline a renewal, and let one of the things happen that end it."""
        paddle, rng, bill = self._rehearsal.paddle, self._rng, bills.pop(0)
        if paddle.subscriptions[subscription_id].status in {"canceled", "paused"}:
            return
        paddle.decline(subscription_id, bill, rng.choice(DECLINES), now)
        since = now - self._rehearsal.began
        for _ in range(rng.randrange(4)):
            self.then(since, 25 * DAY, partial(self._retry, bill))
        if bills and rng.random() < 0.1:  # noqa: PLR2004 - one in ten has a second debt
            self.then(since, 10 * DAY, partial(self._live, subscription_id, bills))
        what = rng.random()
        if what < 0.55:  # noqa: PLR2004 - as many as are won back, more or less
            self.then(since, 29 * DAY, partial(self._pay, bill))
        elif what < 0.75:  # noqa: PLR2004 - the rest is spread over all else that can happen
            self.then(since, 29 * DAY, partial(self._end, subscription_id, rng.choice(["canceled", "paused"])))
        elif what < 0.87:  # noqa: PLR2004 - same
            self.then(since, 20 * DAY, partial(self._turn_away, subscription_id))
        if rng.random() < 0.1:  # noqa: PLR2004 - one in ten tries to pay in a way that takes days
            self.then(since, 20 * DAY, partial(self._begin_payment, bill))
        self._rehearsal.plan(now + 30 * DAY, partial(self._end, subscription_id, "canceled"))

    def _retry(self, bill_id: str, now: datetime) -> None:
        if self._rehearsal.paddle.bills[bill_id].status == "past_due":
            self._rehearsal.paddle.retry(bill_id, self._rng.choice(DECLINES), now)

    def _begin_payment(self, bill_id: str, now: datetime) -> None:
        if self._rehearsal.paddle.bills[bill_id].status == "past_due":
            self._rehearsal.paddle.begin_payment(bill_id, self._rng.choice(UNDER_WAY), now)
            self._rehearsal.plan(now + 5 * DAY * self._rng.random(), partial(self._end_payment, bill_id))

    def _end_payment(self, bill_id: str, now: datetime) -> None:
        bill = self._rehearsal.paddle.bills[bill_id]
        if bill.status == "past_due" and bill.attempts[0].status in UNDER_WAY:
            if self._rng.random() < 0.5:  # noqa: PLR2004 - half of them come to nothing
                self._rehearsal.paddle.end_payment(bill_id, self._rng.choice(DECLINES), now)
            else:
                self._rehearsal.paddle.pay(bill_id, now, new_method=True)

    def _pay(self, bill_id: str, now: datetime) -> None:
        if self._rehearsal.paddle.bills[bill_id].status == "past_due":
            self._rehearsal.paddle.pay(bill_id, now, new_method=self._rng.random() < 0.5)  # noqa: PLR2004 - half

    def _end(self, subscription_id: str, status: str, now: datetime) -> None:
        found = self._rehearsal.paddle.subscriptions[subscription_id]
        if found.status == "past_due":
            self._rehearsal.paddle.end(subscription_id, status, now)

    def _turn_away(self, subscription_id: str, now: datetime) -> Awaitable[None] | None:
        paddle = self._rehearsal.paddle
        match self._rng.randrange(7):
            case 0:
                paddle.charge_back(subscription_id, self._bills[0], now)
            case 1:
                paddle.collect_by_invoice(subscription_id, now)
            case 2:
                paddle.schedule(subscription_id, "cancel", now)
            case 3:
                paddle.archive(self._customer, now)
            case 4:
                paddle.transfer(subscription_id, self._buyer, now)
            case 5:
                return self._exclude(subscription_id, now)
            case _:
                return self._bounce(now)
        return None

    async def _exclude(self, subscription_id: str, now: datetime) -> None:
        who = self._rng.choice([subscription_id, self._customer])
        self._forbidden.excluded.add(who)
        await self._rehearsal.store.exclusions.exclude(who, now)

    async def _bounce(self, now: datetime) -> None:
        self._forbidden.bounced.add(self._address)
        (secret,) = self._rehearsal.services.link_secrets
        await self._rehearsal.store.suppressions.add(address_key(self._address, secret), "bounce", now)


def _ids(prefix: str, each: int, number: int) -> tuple[str, ...]:
    """Make the ids of so many things of the customer with this number."""
    return tuple(f"{prefix}_{number * each + nth:026d}" for nth in range(each))
