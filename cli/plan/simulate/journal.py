"""What happened in a rehearsal, line by line, as it happened."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Who(StrEnum):
    """Who did something."""

    PADDLE = "Paddle"
    CUSTOMER = "Customer"
    DUNNING = "Dunning"
    SELLER = "Seller"


@dataclass(slots=True)
class Line:
    """One thing that happened. `about` names the debt, if there are several; `subject` is that of a mail."""

    at: datetime
    who: Who
    title: str
    why: str = ""
    about: str = ""
    kind: str = ""
    subject: str = ""
    webhooks: list[str] = field(default_factory=list)
    """The webhooks that told of it, as far as Dunning uses them."""
