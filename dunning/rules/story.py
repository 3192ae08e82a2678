"""What can happen to a case, as data: an entry of its story, and the short text that Redis holds of one. Pure.

A text is a letter for the kind, then the kind's fields, each after a bar: `S|first|s|smtp_250`. The letters are
capitals because the version before kept prose, which begins with a small one, and is shown as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

from dunning.rules.case import CaseState
from dunning.rules.declines import DeclineClass


class Kind(StrEnum):
    """What kind of thing happened."""

    OPENED = "opened"
    """A renewal was declined, and the case was opened."""
    FAILED_AGAIN = "failed_again"
    """Paddle charged once more in vain."""
    CHANGED_NOTHING = "changed_nothing"
    """An event came that changed nothing, where one would wonder why."""
    STEP = "step"
    """A step's delivery moved."""
    COVERED = "covered"
    """The mail of the case `by` named this debt too: why the next entry skips the step."""
    MADE_DUE = "made_due"
    """An operator asked for the step now."""
    ENDED = "ended"
    """The case is over. `event_type` and `event_id` are those of the event that said so, if one did."""
    CLICKED = "clicked"
    """The link was followed, and led to Paddle's page, signed in."""
    CLICK_FOUND = "click_found"
    """The link was followed, and Paddle said that the debt is over; the reason is the page that says so."""
    CLICK_FELL_BACK = "click_fell_back"
    """The link was followed, and led to the portal's login page."""
    CLICK_REFUSED = "click_refused"
    """The link was followed, and led nowhere. Of those within an hour the first is told."""
    RESENT = "resent"
    """An operator had the step's mail sent once more."""
    EVENT_DROPPED = "event_dropped"
    """An operator let go of an event about it that could not be handled."""
    EXCLUDED = "excluded"
    """An operator excluded `who`."""
    INCLUDED = "included"
    """An operator took the exclusion of `who` back."""
    HELD_OUT = "held_out"
    """The case is opened and left unmailed, to measure what mails bring."""
    PROSE = "prose"
    """Words of another version of us, which are shown as they are."""


class Moved(StrEnum):
    """Where a delivery moved to: a state of it, or into the hands of a worker."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    SKIPPED = "skipped"
    DEAD = "dead"
    UNKNOWN = "unknown"


UNDER_WAY = frozenset({Moved.CLAIMED, Moved.SENDING})
"""What one send goes through: told with its end, not each for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened to a case. A field that its kind doesn't have is None, and none is empty."""

    kind: Kind
    step: str | None = None
    moved: Moved | None = None
    """Where the step's delivery moved to."""
    state: CaseState | None = None
    """How the case ended."""
    reason: str | None = None
    decline_class: DeclineClass | None = None
    event_type: str | None = None
    event_id: str | None = None
    again_at: datetime | None = None
    """When it is tried again, in whole seconds."""
    repeated: bool = False
    """Whether the mail that was sent may have arrived before."""
    by: str | None = None
    """The case whose mail covers the step."""
    who: str | None = None
    """The customer or subscription that is excluded or included."""
    operator: str | None = None
    """Which operator did it: their login name, or what they gave in its place."""
    text: str | None = None
    """What `prose` says."""

    @classmethod
    def prose(cls, text: str) -> Self:
        """Return an entry that says this."""
        return cls(kind=Kind.PROSE, text=text)


class _Form(NamedTuple):
    """How a kind is written: its letter, and its fields, of which the first so many must be there."""

    letter: str
    needs: int
    fields: tuple[str, ...]


_OF_AN_EVENT = ("event_type", "event_id")
_FORMS: Mapping[Kind, _Form] = MappingProxyType(
    {
        Kind.OPENED: _Form("O", 1, ("decline_class", *_OF_AN_EVENT)),
        Kind.FAILED_AGAIN: _Form("A", 1, ("decline_class", *_OF_AN_EVENT)),
        Kind.CHANGED_NOTHING: _Form("N", 3, ("reason", *_OF_AN_EVENT)),
        Kind.STEP: _Form("S", 2, ("step", "moved", "reason", "again_at", "repeated")),
        Kind.COVERED: _Form("V", 2, ("step", "by")),
        Kind.MADE_DUE: _Form("D", 1, ("step", "operator")),
        Kind.RESENT: _Form("M", 1, ("step", "operator")),
        Kind.ENDED: _Form("E", 1, ("state", "reason", *_OF_AN_EVENT, "operator")),
        Kind.CLICKED: _Form("C", 0, ()),
        Kind.CLICK_FOUND: _Form("F", 1, ("reason",)),
        Kind.CLICK_FELL_BACK: _Form("B", 1, ("reason",)),
        Kind.CLICK_REFUSED: _Form("R", 1, ("reason",)),
        Kind.EVENT_DROPPED: _Form("L", 2, (*_OF_AN_EVENT, "operator")),
        Kind.EXCLUDED: _Form("X", 1, ("who", "operator")),
        Kind.INCLUDED: _Form("I", 1, ("who", "operator")),
        Kind.HELD_OUT: _Form("H", 0, ()),
        Kind.PROSE: _Form("P", 1, ("text",)),
    }
)
_KINDS = {form.letter: kind for kind, form in _FORMS.items()}

_MOVES = {
    Moved.PLANNED: "p",
    Moved.CLAIMED: "c",
    Moved.SENDING: "g",
    Moved.SENT: "s",
    Moved.REFUSED: "r",
    Moved.SKIPPED: "k",
    Moved.DEAD: "d",
    Moved.UNKNOWN: "u",
}
_MOVED = {letter: moved for moved, letter in _MOVES.items()}
_ENDS = {CaseState.OPEN: "o", CaseState.RECOVERED: "r", CaseState.EXHAUSTED: "x", CaseState.STOPPED: "s"}
_ENDED = {letter: state for state, letter in _ENDS.items()}
_YES = "1"

# What is no plain character in a field: the bar, the mark itself, and the end of a line, which ends an entry in Redis.
_QUOTED = str.maketrans({one: f"%{ord(one):02X}" for one in "%|\n"})

_WRITE: Mapping[str, Callable[[Any], str]] = {
    "moved": _MOVES.__getitem__,
    "state": _ENDS.__getitem__,
    "again_at": lambda at: str(int(at.timestamp())),
    "repeated": lambda repeated: _YES if repeated else "",
}
_READ: Mapping[str, Callable[[str], object]] = {
    "moved": _MOVED.__getitem__,
    "state": _ENDED.__getitem__,
    "decline_class": DeclineClass,
    "again_at": lambda seconds: datetime.fromtimestamp(int(seconds), UTC),
    "repeated": _YES.__eq__,
}


def encode(entry: Entry) -> str:
    """Return the text of an entry, in one line."""
    form = _FORMS[entry.kind]
    return "|".join([form.letter, *(_written(name, getattr(entry, name)) for name in form.fields)]).rstrip("|")


def decode(text: str) -> Entry:
    """Return the entry of a text. What this version can't read becomes prose; what it doesn't know is left out."""
    letter, *written = text.split("|")
    kind = _KINDS.get(letter)
    if kind is None:
        return Entry.prose(text)
    form = _FORMS[kind]
    if not all((*written, *[""] * form.needs)[: form.needs]):
        return Entry.prose(text)
    try:
        fields: dict[str, Any] = {
            name: _READ.get(name, str)(unquote(value))
            for name, value in zip(form.fields, written, strict=False)
            if value
        }
    except (LookupError, ValueError, OverflowError, OSError):
        return Entry.prose(text)
    return Entry(kind=kind, **fields)


def fields_of(entry: Entry) -> dict[str, Any]:
    """Return an entry's fields by name, of those that say something."""
    found = {name: getattr(entry, name) for name in _FORMS[entry.kind].fields}
    return {name: value for name, value in found.items() if value}


def _written(name: str, value: object) -> str:
    return "" if value is None else _WRITE.get(name, str)(value).translate(_QUOTED)
