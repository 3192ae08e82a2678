"""Findings about the service and about what it needs: one line each, with what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Good to know, or it could not be looked at."""
    WARNING = "warning"
    """It works, and will harm sooner or later."""
    FAILURE = "failure"
    """It does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what that means and what to do, which is empty where there is nothing to do.

    `about` is a stable word such as `redis.memory`. No text holds a secret, an address of a person or a name.
    """

    about: str
    level: Level
    means: str
    do: str = ""


def fails(findings: Iterable[Finding]) -> bool:
    """Tell whether any of it does not work."""
    return any(finding.level is Level.FAILURE for finding in findings)
