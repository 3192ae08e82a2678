"""The hold-out: a fixed, random share of customers whose cases are left unmailed, to measure what mails bring. Pure.

One draw goes for all of a customer's debts, so that none is left unmailed beside one that is mailed. A customer who is
in a hold-out of 10% is in every larger one too.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from dunning.rules.campaign import Campaign
from dunning.rules.case import Case

# With more, sellers lose more than they learn.
LARGEST: Final = 50
_PERCENT = re.compile(r"([0-9]{1,2})%")
# Keeps the draw apart from everything else that might be made with the same key.
_PURPOSE: Final = b"dunning.hold_out:"
# So many bytes of the hash are the draw.
_BYTES: Final = 8


class Arm(StrEnum):
    """On which side of the comparison a case is. Whatever happens to it later, it stays there."""

    HELD_OUT = "held_out"
    MAILED = "mailed"


@dataclass(frozen=True, slots=True)
class Draw:
    """What the draw for a customer's new case goes by."""

    key: str
    """The account's own, made once and kept: with another key other customers would be held out."""
    others: tuple[bool, ...] = ()
    """The customer's other open cases: whether each is held out."""


def parse_share(text: str) -> int:
    """Read a share such as `10%`, and return its whole percent.

    Raises:
        ValueError: it is none. The error's text says what it should be.
    """
    match = _PERCENT.fullmatch(text)
    if match is None or int(match[1]) > LARGEST:
        raise ValueError(f"should be a whole number of percent in quotes, from 0% to {LARGEST}%")
    return int(match[1])


def draw(case: Case, campaign: Campaign, by: Draw) -> Case:
    """Return a new case with what the draw says: whether it is held out, and whether it counts in the comparison.

    Args:
        case: the case that is about to be opened.
        campaign: its campaign.
        by: what the draw goes by.
    """
    if not campaign.hold_out:
        return case
    drawn = is_drawn(case.customer_id, campaign.hold_out, by.key)
    return case.but(held_out=drawn and all(by.others), uncompared=bool(by.others))


def is_drawn(customer_id: str, percent: int, key: str) -> bool:
    """Tell whether a customer is in a hold-out of so many percent."""
    digest = hmac.new(key.encode(), _PURPOSE + customer_id.encode(), sha256).digest()
    return int.from_bytes(digest[:_BYTES]) * 100 < percent << (8 * _BYTES)


def is_left_unmailed(case: Case, others: Iterable[Case]) -> bool:
    """Tell whether a case gets no mail now.

    Args:
        case: the case.
        others: the customer's other open cases. If one of them is mailed, a case that was held out is mailed too.
    """
    return case.held_out and all(one.held_out for one in others)


def arm_of(case: Case, campaign: Campaign) -> Arm | None:
    """Return the side of the comparison that a case is on; None where it is on none.

    A case counts if its campaign holds out a share, and if its customer had no other open case when it was opened:
    several debts of one customer are often paid together, and would look like more evidence than they are.
    """
    if not campaign.hold_out or case.uncompared:
        return None
    return Arm.HELD_OUT if case.held_out else Arm.MAILED
