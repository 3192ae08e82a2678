"""A campaign: which mails go out after a declined renewal, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from dunning.declines import DeclineClass


class Trigger(StrEnum):
    """What starts a campaign."""

    RENEWAL_FAILED = "renewal_failed"


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
class Campaign:
    """A configured series of steps, in the order in which they are due."""

    name: str
    on: Trigger
    steps: tuple[Step, ...]
    gives_up: GivesUp | None

    def ends_at(self, failed_at: datetime) -> datetime | None:
        """Say when Paddle gives up on a debt that failed at `failed_at`, or None where the seller states no date."""
        return None if self.gives_up is None else failed_at + self.gives_up.after
