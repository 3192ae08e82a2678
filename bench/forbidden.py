"""What must not be in a mail, told by what Paddle has at that moment and by what was mailed before.

It is written without the code of the rules, so that it can find them wrong: nothing here asks them anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise

from cli.plan.simulate.entities import Bill, Subscription
from cli.plan.simulate.paddle import Paddle
from dunning.rules.time_zones import zone_of

# Attempts that may still become money, and for how long nobody is told otherwise.
UNDER_WAY = ("authorized", "authorized_flagged", "captured", "created", "pending_no_action_required")
PATIENCE = timedelta(days=3)
# On which day the shipped campaign plans each mail; the first as late as it may be, so that half is never too much.
DAYS = {"first": 2, "reminder": 3, "reminder-2": 7, "reminder-3": 14, "reminder-4": 21, "final": 27}


@dataclass(frozen=True, slots=True)
class Said:
    """What one mail says: to which address it goes, for which bills it has links, and which sums stand beside those."""

    at: datetime
    step: str
    address: str
    bill_ids: tuple[str, ...]
    further: dict[str, int]
    """How many further sums it names, by the bill beside which they stand."""


@dataclass(slots=True)
class Forbidden:
    """Judges the mails of one account."""

    paddle: Paddle
    hours: tuple[time, time] | None
    bounced: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    """Customers and subscriptions that an operator has excluded."""
    disputed: dict[str, datetime] = field(default_factory=dict)
    """Subscriptions of which we were told that a payment was charged back: when it was."""
    said: dict[str, list[Said]] = field(default_factory=dict)

    def why(self, mail: Said, *, arrives: bool = True) -> list[str]:
        """Return what is wrong with a mail, and remember it if it arrives."""
        wrong = [f"{what}: {bill_id}" for bill_id in mail.bill_ids for what in self._about(bill_id, mail)]
        for bill_id, count in mail.further.items():
            of = self.paddle.bills[bill_id].subscription_id
            owed = [bill for bill in self.paddle.debts(of) if bill.id != bill_id and not self._under_way(bill, mail.at)]
            if count > len(owed):
                wrong.append(f"names sums that are not owed: {bill_id}")
        wrong += self._too_near(mail)
        if arrives:
            self.said.setdefault(mail.bill_ids[0], []).append(mail)
        return wrong

    def _about(self, bill_id: str, mail: Said) -> Iterator[str]:
        bill = self.paddle.bills[bill_id]
        yield from self._about_debt(bill, self.paddle.subscriptions[bill.subscription_id], mail.at)
        yield from self._about_customer(bill, self.paddle.subscriptions[bill.subscription_id], mail)

    def _about_debt(self, bill: Bill, subscription: Subscription, now: datetime) -> Iterator[str]:
        if bill.status != "past_due" or bill.balance <= 0 or subscription.status not in {"past_due", "active"}:
            yield "not owed"
        if bill.collection_mode != "automatic" or subscription.collection_mode != "automatic":
            yield "not collected automatically"
        if subscription.scheduled_action == "cancel":
            yield "ending by itself"
        if bill.attempts and bill.attempts[-1].at < self.disputed.get(subscription.id, bill.attempts[-1].at):
            yield "in dispute"
        if self._under_way(bill, now):
            yield "on its way"

    def _about_customer(self, bill: Bill, subscription: Subscription, mail: Said) -> Iterator[str]:
        customer = self.paddle.customers[bill.customer_id]
        if self.excluded & {customer.id, subscription.id}:
            yield "excluded"
        if customer.status != "active":
            yield "archived"
        if customer.email in self.bounced:
            yield "bounced"
        if mail.address != customer.email or subscription.customer_id != customer.id:
            yield "somebody else's"
        local = mail.at.astimezone(zone_of(customer.country)).time()
        if self.hours is not None and not self.hours[0] <= local < self.hours[1]:
            yield "out of hours"

    def _too_near(self, mail: Said) -> Iterator[str]:
        """Look at the mails that this debt sent. A repeat is the same mail, and as near as it must be to its first."""
        before = [one for one in self.said.get(mail.bill_ids[0], []) if one.step != mail.step]
        for one, two in pairwise([*before[-1:], mail]):
            if two.at - one.at < timedelta(days=DAYS[two.step] - DAYS[one.step]) / 2:
                yield f"too close to the last: {one.step}, {two.step}"

    def _under_way(self, bill: Bill, now: datetime) -> bool:
        return bool(bill.attempts) and bill.attempts[0].status in UNDER_WAY and now < bill.attempts[0].at + PATIENCE
