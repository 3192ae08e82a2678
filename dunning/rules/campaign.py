"""A campaign: which mails go out after a declined renewal, to whom, and when."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import PlainSerializer

from dunning.rules.declines import DeclineClass
from dunning.rules.triggers import Trigger

# Written in one order, so that the same campaign is always written the same.
Ids = Annotated[frozenset[str], PlainSerializer(sorted)]


class FinalAction(StrEnum):
    """What Paddle does to the subscription when it gives up collecting."""

    CANCEL = "cancel"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Step:
    """One planned mail. `after` counts from the failure and names every decline class."""

    name: str
    after: Mapping[DeclineClass, timedelta] = field(hash=False)
    template: str

    def due_at(self, failed_at: datetime, cls: DeclineClass) -> datetime:
        """Say when the step is due for a debt that failed at `failed_at`, declined for a reason of class `cls`."""
        return failed_at + self.after[cls]


@dataclass(frozen=True, slots=True)
class GivesUp:
    """When Paddle stops collecting, counted from the failure, and what it does then.

    Paddle publishes neither; a seller states here what their account is set to.
    https://developer.paddle.com/build/retain/configure-payment-recovery-dunning
    """

    after: timedelta
    action: FinalAction


@dataclass(frozen=True, slots=True)
class When:
    """Which debts a campaign is for, by what was sold. A set that is empty asks for nothing."""

    products: Ids = frozenset()
    prices: Ids = frozenset()
    currencies: Ids = frozenset()

    def matches(self, *, product_ids: Collection[str], price_ids: Collection[str], currency_code: str) -> bool:
        """Tell whether the debt has something of each set that asks for anything."""
        return (
            _asks_for(self.products, product_ids)
            and _asks_for(self.prices, price_ids)
            and _asks_for(self.currencies, (currency_code,))
        )


@dataclass(frozen=True, slots=True)
class SendBetween:
    """The hours in which mail may go out, in the customer's local time: from `opens` to before `closes`."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Campaign:
    """A configured series of steps, in the order in which they are due."""

    name: str
    on: Trigger
    steps: tuple[Step, ...]
    gives_up: GivesUp | None
    when: When = field(default_factory=When)
    send_between: SendBetween | None = None
    hold_out: int = 0
    """How many percent of the customers are left unmailed, to measure what mails bring."""

    def ends_at(self, failed_at: datetime) -> datetime | None:
        """Say when Paddle gives up on a debt that failed at `failed_at`, or None where the seller states no date."""
        return None if self.gives_up is None else failed_at + self.gives_up.after


def choose(
    campaigns: Iterable[Campaign],
    on: Trigger,
    *,
    product_ids: Collection[str],
    price_ids: Collection[str],
    currency_code: str,
) -> Campaign | None:
    """Return the first campaign that this trigger starts and whose `when` matches; None where there is none."""
    for campaign in campaigns:
        if campaign.on is on and campaign.when.matches(
            product_ids=product_ids, price_ids=price_ids, currency_code=currency_code
        ):
            return campaign
    return None


def _asks_for(wanted: frozenset[str], given: Collection[str]) -> bool:
    return not wanted or not wanted.isdisjoint(given)
