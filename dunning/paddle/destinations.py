"""Paddle's notification destinations: which of them is ours, and what it should be.

https://developer.paddle.com/api-reference/notification-settings/overview
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field, SecretStr

from dunning.paddle.events import EventType
from dunning.paddle.intake import KEY_ALERTS
from dunning.paddle.shapes import Answer, Rows

WEBHOOK_PATH = "/webhooks/paddle"
DESCRIPTION = "Dunning"

SUBSCRIBED: tuple[str, ...] = (*EventType, *sorted(KEY_ALERTS))
"""The events that we use: those that change a case, and the news of API keys."""


class _Event(Answer):
    name: str


class Destination(Answer):
    """A destination as Paddle has it. Its secret signs what is sent there."""

    id: str
    type: str
    address: str = Field(validation_alias="destination")
    active: bool
    traffic_source: str = "platform"
    events: Rows[_Event] = Field(validation_alias="subscribed_events")
    secret: SecretStr = Field(default=SecretStr(""), validation_alias="endpoint_secret_key")

    @property
    def event_names(self) -> frozenset[str]:
        """The types of the events that are sent there."""
        return frozenset(event.name for event in self.events)


class Aspect(StrEnum):
    """What about a destination may have to change, in the words of Paddle's API."""

    ADDRESS = "destination"
    ACTIVE = "active"
    TRAFFIC = "traffic_source"
    EVENT = "subscribed_events"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to change. `before` is None where something comes anew, `after` where it goes."""

    aspect: Aspect
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done at Paddle: make a destination, change ours, or nothing.

    `not_offered` are events that we use and that this account's Paddle does not list.
    """

    address: str
    events: tuple[str, ...]
    ours: Destination | None
    changes: tuple[Change, ...]
    not_offered: tuple[str, ...]
    others_here: tuple[str, ...]
    """Further destinations with our address: each sends everything once more."""

    def body(self) -> dict[str, Any]:
        """Return what is told to Paddle."""
        body: dict[str, Any] = {"destination": self.address, "active": True, "subscribed_events": list(self.events)}
        if self.ours is None:
            return body | {"description": DESCRIPTION, "type": "url"}
        if any(change.aspect is Aspect.TRAFFIC for change in self.changes):
            body["traffic_source"] = "platform"
        return body


def plan(
    destinations: Sequence[Destination], *, public_url: str, secrets: Collection[str], offered: Collection[str]
) -> Plan:
    """Decide what to do so that Paddle sends what we use to us.

    Ours is the destination with our address, the active one first, or else the one whose secret we have: its address
    has changed, as that of a tunnel does.

    Args:
        destinations: all there are.
        public_url: where we are reached.
        secrets: those that we accept.
        offered: the types of events that Paddle lists.
    """
    address = public_url + WEBHOOK_PATH
    here = sorted((one for one in destinations if _leads_to(one, address)), key=lambda one: not one.active)
    known = [one for one in destinations if one.type == "url" and one.secret.get_secret_value() in secrets]
    ours = next(iter([*here, *known]), None)
    events = tuple(name for name in SUBSCRIBED if name in offered)
    return Plan(
        address=address,
        events=events,
        ours=ours,
        changes=tuple(_changes(ours, address, events)) if ours else (),
        not_offered=tuple(name for name in SUBSCRIBED if name not in offered),
        others_here=tuple(one.id for one in here[1:] if one.active),
    )


def read_destinations(entities: Iterable[bytes]) -> list[Destination]:
    """Read destinations, each from its JSON.

    Raises:
        ValidationError: one lacks what we need.
    """
    return [Destination.model_validate_json(entity) for entity in entities]


def read_destination(body: bytes) -> Destination:
    """Read the answer about one destination.

    Raises:
        ValidationError: it lacks what we need.
    """
    return _One.model_validate_json(body).data


def read_event_types(body: bytes) -> frozenset[str]:
    """Read the answer of `GET /event-types`.

    Raises:
        ValidationError: it is no list of events.
    """
    return frozenset(event.name for event in _Events.model_validate_json(body).data)


class _One(Answer):
    data: Destination


class _Events(Answer):
    data: tuple[_Event, ...]


def _leads_to(destination: Destination, address: str) -> bool:
    return destination.type == "url" and destination.address.rstrip("/") == address


def _changes(ours: Destination, address: str, events: Sequence[str]) -> Iterable[Change]:
    if ours.address != address:
        yield Change(Aspect.ADDRESS, ours.address, address)
    if not ours.active:
        yield Change(Aspect.ACTIVE, "no", "yes")
    if ours.traffic_source == "simulation":  # what really happens would not be sent
        yield Change(Aspect.TRAFFIC, ours.traffic_source, "platform")
    for name in sorted(ours.event_names.difference(events)):
        yield Change(Aspect.EVENT, name, None)
    for name in events:
        if name not in ours.event_names:
            yield Change(Aspect.EVENT, None, name)
