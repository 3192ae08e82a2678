"""Sending one step, phase by phase: what stands between two of them is where a worker may be killed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dunning.campaign import Campaign, Step
from dunning.case import Case
from dunning.case_steps import backoff, cover
from dunning.delivery import Delivery, DeliveryState
from dunning.errors import CaseConflictError
from dunning.live import LiveTransaction
from dunning.store import Versioned
from worker.named_debts import NamedDebt

if TYPE_CHECKING:
    from cli.simulate.service import Dunning


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that may go out, as Paddle was just asked. `named` are the debts that it names too."""

    case: Case
    campaign: Campaign
    step: Step
    transaction: LiveTransaction
    named: tuple[NamedDebt, ...]


class Sending:
    """One worker's way through sending a mail, with the case as it was last read or written."""

    def __init__(self, service: "Dunning", owner: str, read: Versioned, mail: Mail) -> None:
        self.mail = mail
        self.case = mail.case
        self._service = service
        self._owner = owner
        self._read = read

    @property
    def delivery(self) -> Delivery:
        """The delivery, as this worker last wrote it."""
        return self.case.delivery(self.mail.step.name)

    def claim(self, now: datetime) -> bool:
        """Take the delivery, and return whether nobody wrote the case since it was read."""
        claimed = self.case.with_delivery(self.mail.step.name, self.delivery.claim(self._owner, now))
        try:
            self._read = self._service.write(self._read, claimed, now)
        except CaseConflictError:
            return False
        self.case = claimed
        return True

    def begin_data(self, now: datetime) -> bool:
        """Write that the mail server is about to be given the mail, and return whether it may be."""
        if all(self._is_still_named(one, now) for one in self.mail.named):
            return self._write(self.delivery.begin_data(self._owner), now)
        self._write(self.delivery.put_back(self._owner, "debts_changed", now, counted=False), now)
        return False

    def settle(self, ended: DeliveryState, code: str, now: datetime) -> None:
        """Write how it ended. What ended in silence, and may be repeated, is tried again later."""
        delivery = self.delivery.settle(self._owner, ended, code)
        if ended is DeliveryState.UNKNOWN and not delivery.is_settled(self._service.repeats):
            delivery = delivery.postpone(code, self._retry_at(now), counted=False)
        self._write(delivery, now)

    def cover(self, now: datetime) -> None:
        """Skip the steps that the mail, now that it is out, has made needless."""
        for one in self.mail.named:
            read = self._service.memory.read(one.case.id)
            if (
                one.step is not None
                and read.case is not None
                and read.case.is_open
                and _is_free(read.case, one.step, now)
            ):
                covered = cover(read.case, one.step, now)
                why = f"{one.step.name} is covered by the mail of {self.case.id}"
                self._service.write(read, covered, now, why=why)

    def put_back(self, code: str, now: datetime) -> None:
        """Write that the mail server will certainly not have it now."""
        self._write(self.delivery.put_back(self._owner, code, self._retry_at(now), counted=True), now)

    def _is_still_named(self, one: NamedDebt, now: datetime) -> bool:
        case = self._service.memory.read(one.case.id).case
        return case is not None and case.is_open and (one.step is None or _is_free(case, one.step, now))

    def _retry_at(self, now: datetime) -> datetime:
        return now + backoff(self.delivery.tries + self.delivery.unknowns, self._service.jitter())

    def _write(self, delivery: Delivery, now: datetime) -> bool:
        """Write the delivery, and return whether it was still ours to write."""
        while self.delivery.owner == self._owner:
            after = self.case.with_delivery(self.mail.step.name, delivery)
            try:
                written = self._service.write(Versioned(self.case, self._read.revision), after, now)
            except CaseConflictError:
                read = self._service.memory.read(self.case.id)
                if read.case is None:
                    return False
                self.case, self._read = read.case, read
            else:
                self.case, self._read = after, written
                return True
        return False


def _is_free(case: Case, step: Step, now: datetime) -> bool:
    """Tell whether the step is still to be sent, and nobody is at work on it."""
    delivery = case.delivery(step.name)
    return delivery.state is DeliveryState.PLANNED and not delivery.is_held(now)
