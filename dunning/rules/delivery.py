"""A delivery: a case's step on its way to one mailbox. The one place its states and moves are defined.

    planned ──claim──▶ planned, held ──begin_data──▶ sending ──settle──▶ sent · refused · unknown
       ▲                    │                            │
       └──────put_back──────┴──── certain failure ───────┘

A `sending` whose claim has lapsed (its process died) is `unknown`. An `unknown` may be sent again as often as the way
the mail goes allows, flagged as a repeat; every other end is final, unless an operator has another mail sent anew.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field

from dunning import time_limits
from dunning.instants import Instant
from dunning.reasons import WaitReason
from dunning.rules.value import Value

# A send takes at most 30 s after its claim (SMTP up to RCPT 10 s, DATA 20 s): the claim outlives it.
CLAIM = time_limits.CLAIM
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = time_limits.LONGEST_RETRY


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PLANNED = "planned"
    """Not yet sent; the step's time decides when it is."""
    SENDING = "sending"
    """The mail server has accepted the recipient and is being given the mail: from here on it may arrive."""
    SENT = "sent"
    """The mail server took responsibility for it."""
    REFUSED = "refused"
    """The mail server said, for good, that it will not take it."""
    SKIPPED = "skipped"
    """It was due and deliberately not sent; the reason says why."""
    DEAD = "dead"
    """It was due and could not be sent; the reason says why."""
    UNKNOWN = "unknown"
    """The mail server fell silent after it was given the mail: it may or may not have arrived."""


FINAL = frozenset({DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.SKIPPED, DeliveryState.DEAD})

WAITING = frozenset({DeliveryState.PLANNED, DeliveryState.UNKNOWN})

ENDS_OF_A_SEND = frozenset({DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.UNKNOWN})


class Delivery(Value):
    """One delivery. Every method returns a new one; moves that the chart above does not know raise `ValueError`."""

    state: DeliveryState = Field(default=DeliveryState.PLANNED, alias="s")
    reason: str | None = Field(default=None, alias="r")
    """Why it was skipped, refused or put back: a skip reason or the mail server's code."""
    tries: int = Field(default=0, alias="t")
    """How many sends have failed with certainty."""
    streak: int = Field(default=0, alias="k")
    """How often in a row it was put off for the same reason."""
    unknowns: int = Field(default=0, alias="n")
    """How many sends ended in silence. More than none and `sent`: it may have arrived twice."""
    closed: bool = Field(default=False, alias="q")
    """An `unknown` that will not be sent again, however many repeats are allowed."""
    owner: str | None = Field(default=None, alias="o")
    """Who holds the claim: one run of one job."""
    held_until: Instant | None = Field(default=None, alias="h")
    retry_at: Instant | None = Field(default=None, alias="w")
    """Not before this, after a failed try."""
    dated_at: Instant | None = Field(default=None, alias="d")
    """When it was claimed: the mail's `Date`. Once a mail may have arrived it stays, so that a repeat is the same mail.
    Of one that is covered, when the mail that covers it went out."""
    repeated_at: Instant | None = Field(default=None, alias="a")
    """When it was claimed for the last repeat that the mail server was given; None where there was none."""

    resends: int = Field(default=0, alias="m")
    """How often an operator had its mail sent anew. Each is another mail, with an id of its own."""

    @property
    def claimed_at(self) -> datetime | None:
        """When whoever holds it took it; None where nobody does."""
        return self.held_until - CLAIM if self.held_until is not None else None

    @property
    def given_at(self) -> datetime | None:
        """When the customer was mailed last about this, or may have been, or is about to be."""
        return self.claimed_at or self.repeated_at or self.dated_at

    def is_held(self, now: datetime) -> bool:
        """Whether somebody is at work on it."""
        return self.held_until is not None and self.held_until > now

    def is_settled(self, repeats: int) -> bool:
        """Whether nothing more will be done, when an `unknown` may be repeated this often."""
        return self.state in FINAL or (self.state is DeliveryState.UNKNOWN and (self.closed or self.unknowns > repeats))

    def lapse(self, now: datetime) -> Self:
        """Return it as it stands when its holder is gone: free to be claimed, and what was `sending` is `unknown`."""
        if self.held_until is None or self.is_held(now):
            return self
        if self.state is DeliveryState.SENDING:
            return self._end(DeliveryState.UNKNOWN, WaitReason.HOLDER_GONE, unknowns=self.unknowns + 1)
        return self._end(self.state, WaitReason.HOLDER_GONE)

    def claim(self, owner: str, now: datetime) -> Self:
        """Take it, to send it: now, unless it may have been sent before."""
        if self.is_held(now) or self.state not in WAITING or self.closed:
            raise ValueError(f"cannot claim a delivery that is {self.state}, held until {self.held_until}")
        dated_at = (self.dated_at if self.unknowns else None) or now
        return self.but(owner=owner, held_until=now + CLAIM, dated_at=dated_at, retry_at=None)

    def begin_data(self, owner: str) -> Self:
        """Mark that the mail server is about to be given the mail."""
        self._require(owner)
        repeated_at = self.claimed_at if self.unknowns else None
        return self.but(state=DeliveryState.SENDING, repeated_at=repeated_at)

    def settle(self, owner: str, state: DeliveryState, reason: str) -> Self:
        """End this send: `sent`, `refused` or `unknown`."""
        self._require(owner)
        if state not in ENDS_OF_A_SEND:
            raise ValueError(f"a send does not end {state}")
        return self._end(state, reason, unknowns=self.unknowns + (state is DeliveryState.UNKNOWN))

    def put_back(self, owner: str, reason: str, retry_at: datetime, *, counted: bool) -> Self:
        """Return it to be sent later, after a send that certainly did not reach anybody."""
        self._require(owner)
        state = DeliveryState.UNKNOWN if self.unknowns else DeliveryState.PLANNED
        return self._end(
            state, reason, tries=self.tries + counted, streak=self._streak(reason, counted=counted), retry_at=retry_at
        )

    def postpone(self, reason: str, retry_at: datetime, *, counted: bool) -> Self:
        """Leave it as it is, not to be looked at before `retry_at`."""
        if self.state not in WAITING:
            raise ValueError(f"cannot postpone a delivery that is {self.state}")
        return self.but(
            reason=reason,
            retry_at=retry_at,
            tries=self.tries + counted,
            streak=self._streak(reason, counted=counted),
        )

    def send_anew(self, now: datetime) -> "Delivery":
        """Return it planned and due, to be sent as another mail, whatever became of the last."""
        if self.owner is not None or not (self.state in FINAL or self.state is DeliveryState.UNKNOWN):
            raise ValueError(f"cannot send a delivery anew that is {self.state}")
        return Delivery(dated_at=now, resends=self.resends + 1)

    def skip(self, reason: str) -> Self:
        """End it, deliberately not sent. What may have arrived stays `unknown`, and is not repeated."""
        return self._give_up(DeliveryState.SKIPPED, reason)

    def die(self, reason: str) -> Self:
        """End it, not sendable. What may have arrived stays `unknown`, and is not repeated."""
        return self._give_up(DeliveryState.DEAD, reason)

    def _streak(self, reason: str, *, counted: bool) -> int:
        return counted + (self.streak if reason == self.reason else 0)

    def _give_up(self, state: DeliveryState, reason: str) -> Self:
        if self.state is DeliveryState.UNKNOWN:
            return self._end(self.state, reason, closed=True)
        if self.state is not DeliveryState.PLANNED:
            raise ValueError(f"a delivery that is {self.state} cannot become {state}")
        return self._end(state, reason)

    def _require(self, owner: str) -> None:
        if self.owner != owner or self.state in FINAL:
            raise ValueError(f"delivery is {self.state} and not held by {owner}")

    def _end(self, state: DeliveryState, reason: str, **more: object) -> Self:
        values = {"state": state, "reason": reason, "owner": None, "held_until": None, "retry_at": None, **more}
        return self.but(**values)
