"""A case: one declined renewal being dunned, from the failure to its end. Its id is its transaction's id."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field
from pydantic_core import from_json

from dunning import time_limits
from dunning.instants import Instant
from dunning.reasons import EndReason, WaitReason
from dunning.rules.declines import DeclineClass
from dunning.rules.delivery import WAITING, Delivery, DeliveryState
from dunning.rules.value import Value

# Paddle gives up after 30 days; five more let a late payment, or its late event, still find the case open.
# https://developer.paddle.com/changelog/2025/default-dunning-payment-recovery
OPEN_FOR = time_limits.CASE_OPEN

# What a step has that nobody has dealt with yet.
UNTOUCHED = Delivery()

# As the shipped campaign file calls it, and most others do.
USUAL_CAMPAIGN = "renewal"


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    """The debt is open: steps may be due, and the payment link works."""
    RECOVERED = "recovered"
    """The debt is paid. Final, whatever comes later."""
    EXHAUSTED = "exhausted"
    """All steps are done and the debt has lapsed unpaid."""
    STOPPED = "stopped"
    """Something else ended it: canceled, paused, or no debt after all."""


class Case(Value):
    """One debt, with what was done about it. Holds ids, states and times: no person, no amount.

    The short aliases are what Redis holds, a million times over; `at_rest` leaves out what goes without saying.
    """

    id: str = Field(alias="i")
    subscription_id: str = Field(alias="u")
    customer_id: str = Field(alias="c")
    campaign: str = Field(alias="k")
    version: str = Field(default="", alias="v")
    """The campaign's version that it began with, and keeps."""
    decline_class: DeclineClass = Field(alias="d")
    reason_code: str | None = Field(default=None, alias="e")
    """Paddle's decline code of the newest failed attempt."""
    failed_at: Instant = Field(alias="f")
    """When the debt's first collection attempt failed. Never moves."""
    attempted_at: Instant = Field(alias="a")
    """When the newest known attempt failed: an older event must not undo what a newer one said."""
    not_before: Instant | None = Field(default=None, alias="b")
    """Nothing is sent before this: many cases that were opened at once are spread out."""
    state: CaseState = Field(default=CaseState.OPEN, alias="s")
    ended_at: Instant | None = Field(default=None, alias="x")
    reason: str | None = Field(default=None, alias="r")
    """Why it ended, where its state does not say it all."""
    deliveries: Mapping[str, Delivery] = Field(default_factory=dict, alias="y")
    """By step name. A step that is not here is planned, untouched."""
    held_out: bool = Field(default=False, alias="h")
    """Whether it is left unmailed, to measure what mails bring: decided when it is opened."""
    uncompared: bool = Field(default=False, alias="n")
    """Whether it counts on neither side of that comparison: the customer had another open case when it was opened."""

    @property
    def is_open(self) -> bool:
        """Whether the debt is, as far as we know, still to be paid."""
        return self.state is CaseState.OPEN

    def delivery(self, step: str) -> Delivery:
        """Return the step's delivery; an untouched one is planned."""
        return self.deliveries.get(step, UNTOUCHED)

    @property
    def may_be_paid(self) -> bool:
        """Whether its payment link leads on: while it is open, and after the customer has stopped its reminders."""
        return self.is_open or (self.state is CaseState.STOPPED and self.reason == EndReason.OPTED_OUT)

    def with_delivery(self, step: str, delivery: Delivery) -> Self:
        """Return the case with this step's delivery replaced.

        A mail that was on its way when the case ended, and came back, is not sent any more.
        """
        if delivery.state is DeliveryState.PLANNED and not self.is_open:
            delivery = delivery.skip(self.reason or self.state.value)
        return self.but(deliveries={**self.deliveries, step: delivery})

    def look_at_once(self) -> Self:
        """Return the case with nothing put off because a payment seemed to be on its way: that has come to nothing."""
        deliveries = {
            name: delivery.but(retry_at=None) if delivery.reason == WaitReason.PAYMENT_ON_ITS_WAY else delivery
            for name, delivery in self.deliveries.items()
        }
        return self.but(deliveries=deliveries)

    def end(self, state: CaseState, reason: str | None, now: datetime) -> Self:
        """Return the case, ended. A mail that may be on its way keeps its own state."""
        return self.but(
            state=state,
            reason=reason,
            ended_at=now,
            deliveries={
                name: delivery.skip(reason or state.value) if delivery.state in WAITING else delivery
                for name, delivery in self.deliveries.items()
            },
        )

    def at_rest(self) -> str:
        """Return it as it is stored, under a key that has its id."""
        known = {"id"}
        if self.campaign == USUAL_CAMPAIGN:
            known.add("campaign")
        if self.attempted_at == self.failed_at:
            known.add("attempted_at")
        return self.model_dump_json(by_alias=True, exclude_defaults=True, exclude=known)

    @classmethod
    def from_rest(cls, case_id: str, stored: bytes | str) -> Self:
        """Return the case that `at_rest` wrote.

        Raises:
            ValueError: it is no case, or one of another version of us.
        """
        values = from_json(stored)
        if not isinstance(values, dict):
            raise ValueError("a case at rest is an object")  # noqa: TRY004 - it is the value that is wrong
        return cls.model_validate({"i": case_id, "k": USUAL_CAMPAIGN, "a": values.get("f"), **values})
