"""What is done to a connection, and where."""

from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """Where in a turn."""

    BEFORE = "before"
    """The server has not got the request."""
    AFTER = "after"
    """The server has carried it out and answered; the client has not got the answer."""


class Fault(StrEnum):
    """What happens there."""

    CUT = "cut"
    """Both sides see the connection closed."""
    RESET = "reset"
    """The client sees it reset."""
    STALL = "stall"
    """Nothing goes either way any more, until the client gives up."""
    LATE = "late"
    """The same, and then the server gets the request after all, when nobody waits for it. Only before."""


KINDS = (
    *((Moment.BEFORE, fault) for fault in Fault),
    *((Moment.AFTER, fault) for fault in Fault if fault is not Fault.LATE),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A request in the life of a case: the `nth` of its name in this phase, on this connection."""

    phase: str
    link: str
    label: str
    nth: int = 1

    def __str__(self) -> str:
        """Name it."""
        ordinal = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.phase}: {self.link}: {self.label}{ordinal}"


@dataclass(frozen=True, slots=True)
class Cut:
    """One thing done at one place."""

    place: Place
    moment: Moment
    fault: Fault
