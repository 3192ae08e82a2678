"""A campaign as it is kept for the cases that began with it, and the version that names it."""

from functools import cache
from hashlib import sha256

from pydantic import TypeAdapter

from dunning.rules.campaign import Campaign

# Eight hex digits tell some thousands of versions of one seller apart.
_DIGITS = 8


@cache
def version(campaign: Campaign) -> str:
    """Return what names this campaign as it reads now: another one as soon as anything about it changes."""
    return sha256(to_json(campaign).encode()).hexdigest()[:_DIGITS]


def to_json(campaign: Campaign) -> str:
    """Write the campaign, the same text for the same campaign."""
    # Left out where there is none, so that a campaign without it keeps the version it had before there was any.
    return _adapter().dump_json(campaign, exclude=None if campaign.hold_out else {"hold_out"}).decode()


def from_json(text: str | bytes) -> Campaign:
    """Read the campaign that `to_json` wrote.

    Raises:
        ValueError: it is none, or one of another version of us.
    """
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Campaign]:
    return TypeAdapter(Campaign)
