"""Moments as they are stored: whole milliseconds since 1970, where RFC 3339 would cost twice the bytes."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer


def to_milliseconds(moment: datetime) -> int:
    """Return the moment as milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the moment, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _read(value: object) -> object:
    return from_milliseconds(value) if isinstance(value, int) else value


Instant = Annotated[datetime, BeforeValidator(_read), PlainSerializer(to_milliseconds, when_used="json")]
