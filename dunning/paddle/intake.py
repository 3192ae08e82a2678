"""What to do with what Paddle says: bytes in, a decision out. No I/O, no clock, and no input makes it raise.

A notification comes with a signature. An event from the list of Paddle's API needs none, since we called Paddle
ourselves. Apart from that, both are decided in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dunning.alerts import Alert
from dunning.errors import InvalidSignatureError, MalformedEventError, NotAnEventError
from dunning.paddle.event_types import label
from dunning.paddle.events import USED, Envelope, Event, burial_id, is_simulated, parse_envelope, read_json
from dunning.paddle.ids import FINDING_ID
from dunning.paddle.projection import project, project_at_once
from dunning.paddle.signature import verify_signature

# https://developer.paddle.com/webhooks/overview; rotations since November 2026.
NEWS_OF_KEYS = ("api_key.", "api_key_exposure.", "api_key_rotation.")
KEY_ALERTS = {
    "api_key.created": Alert.KEY_CREATED,
    "api_key.expiring": Alert.KEY_EXPIRING,
    "api_key.expired": Alert.KEY_EXPIRED,
    "api_key.revoked": Alert.KEY_REVOKED,
    "api_key.updated": Alert.KEY_UPDATED,
    "api_key_exposure.created": Alert.KEY_EXPOSED,
    "api_key_rotation.created": Alert.KEY_ROTATION_CREATED,
    "api_key_rotation.updated": Alert.KEY_ROTATION_UPDATED,
}

# Paddle's ids have 30 characters.
MAX_ID_LENGTH = 64


class Refusal(StrEnum):
    """Why something is not taken in at all. The sentence beside it says more."""

    BAD_SIGNATURE = "bad_signature"
    """It has no signature, none of ours, or one made too long ago."""
    NOT_AN_EVENT = "not_an_event"


@dataclass(frozen=True, slots=True)
class Refused:
    """It is no event of Paddle's. `secret` is the index of the secret that signed it, if one did all the same."""

    kind: Refusal
    reason: str
    secret: int | None = None


@dataclass(frozen=True, slots=True)
class _OfPaddle:
    """An event of Paddle's. `secret` is the index of the secret that signed it; None if it needs no signature."""

    envelope: Envelope
    secret: int | None

    @property
    def label(self) -> str:
        """The event's type if Paddle's documentation has it, else `other`."""
        return label(self.envelope.event_type)

    @property
    def occurred_at(self) -> datetime:
        """When it happened. The time of a malformed event may lack its offset; Paddle's times are UTC."""
        at = self.envelope.occurred_at
        return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Accept(_OfPaddle):
    """Put the event into the inbox."""

    event: Event


@dataclass(frozen=True, slots=True)
class Bury(_OfPaddle):
    """Keep the event as dead: its data is not shaped as its type says, and Paddle would send the same again.

    `about` are the ids of transaction, subscription and customer that can be read all the same: by these it is found.
    """

    reason: str
    about: tuple[str, ...] = ()

    @property
    def event_id(self) -> str:
        """The id to keep it under."""
        return burial_id(self.envelope)

    @property
    def notification_id(self) -> str | None:
        """The notification's id, if it has the form of one."""
        given = self.envelope.notification_id
        return given if given is not None and _is_id(given) else None


@dataclass(frozen=True, slots=True)
class NewsOfKey(_OfPaddle):
    """Tell the operator about a key. Nothing stops: Paddle's next answer will show what the key may still do."""

    @property
    def alert(self) -> Alert:
        """What happened to it."""
        return KEY_ALERTS.get(self.label, Alert.KEY_CHANGED)


@dataclass(frozen=True, slots=True)
class Simulated(_OfPaddle):
    """Do nothing: Paddle's simulator made it up."""


@dataclass(frozen=True, slots=True)
class Unused(_OfPaddle):
    """Do nothing: its type changes no case."""


Decision = Accept | Bury | NewsOfKey | Simulated | Unused


def decide_notification(
    body: bytes, signature: str | None, *, secrets: Sequence[str], now: datetime, tolerance: timedelta
) -> Decision | Refused:
    """Decide what to do with a notification. `signature` is its Paddle-Signature header."""
    try:
        secret = verify_signature(body, signature, secrets=secrets, now=now, tolerance=tolerance)
    except InvalidSignatureError as error:
        return Refused(Refusal.BAD_SIGNATURE, str(error))
    return _decide(body, secret)


def decide_listed(body: bytes) -> Decision | Refused:
    """Decide what to do with an event of the list that Paddle's API gives."""
    return _decide(body, None)


def _decide(body: bytes, secret: int | None) -> Decision | Refused:
    match project_at_once(body):
        case (envelope, event) if not is_simulated(envelope):
            return Accept(envelope, secret, event)
        case _:
            return _decide_step_by_step(body, secret)


def _decide_step_by_step(body: bytes, secret: int | None) -> Decision | Refused:
    try:
        payload = read_json(body)
        envelope = parse_envelope(payload)
    except NotAnEventError as error:
        return Refused(Refusal.NOT_AN_EVENT, str(error), secret)
    if is_simulated(envelope):
        return Simulated(envelope, secret)
    if envelope.event_type.startswith(NEWS_OF_KEYS):
        return NewsOfKey(envelope, secret)
    if envelope.event_type not in USED:
        return Unused(envelope, secret)
    try:
        return Accept(envelope, secret, project(payload, envelope))
    except MalformedEventError as error:
        return Bury(envelope, secret, str(error), _ids_in(payload))


def _ids_in(payload: object) -> tuple[str, ...]:
    match payload:
        case {"data": dict() as data}:
            given = (data.get(name) for name in ("id", "transaction_id", "subscription_id", "customer_id"))
            return tuple(dict.fromkeys(one for one in given if isinstance(one, str) and FINDING_ID.fullmatch(one)))
        case _:
            return ()


def _is_id(text: str) -> bool:
    return text.isascii() and text.replace("_", "").isalnum() and len(text) <= MAX_ID_LENGTH
