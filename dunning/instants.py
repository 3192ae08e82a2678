"""Moments as they are stored: whole milliseconds since 1970, where RFC 3339 would cost twice the bytes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_milliseconds(moment: datetime) -> int:
    """Return the moment as whole milliseconds since 1970, never rounded up: a second's end is no other second."""
    return (moment - EPOCH) // _MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the moment, in UTC."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def _read(value: object) -> object:
    return from_milliseconds(value) if isinstance(value, int) else value


Instant = Annotated[datetime, BeforeValidator(_read), PlainSerializer(to_milliseconds, when_used="json")]


def to_text(at: datetime) -> str:
    """Write a moment in RFC 3339, in UTC, with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
