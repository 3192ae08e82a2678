"""Notification destinations that are made over the API, each with a secret of its own.

https://developer.paddle.com/api-reference/notification-settings/overview
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import web

from paddle_twin.answers import body_of, entity, find, page
from paddle_twin.bodies import Json
from paddle_twin.errors import ApiError
from paddle_twin.event_types import EVENT_TYPES
from paddle_twin.filters import is_about, is_between, with_values
from paddle_twin.links import Links
from paddle_twin.notifications import Notification, Notifications
from paddle_twin.routes import Route
from paddle_twin.world import Event, World

MOST_ACTIVE = 10

_READ, _WRITE = "notification_setting.read", "notification_setting.write"
_DEFAULTS: Json = {
    "active": True,
    "api_version": 1,
    "include_sensitive_fields": False,
    "traffic_source": "platform",
}
_NEEDED = ("description", "destination", "type", "subscribed_events")
_CHOICES = {"type": ("url", "email"), "traffic_source": ("platform", "simulation", "all")}
_KINDS = {"description": str, "destination": str, "active": bool, "api_version": int, "include_sensitive_fields": bool}


class Destinations:
    """The destinations. One with the type `email` gets nothing, since the twin sends no mail."""

    def __init__(
        self,
        world: World,
        links: Links,
        *,
        make_secret: Callable[[], str],
        retry_after: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        """Begin with none. `make_secret` makes the secret of each."""
        self.settings: dict[str, Json] = {}
        self.senders: dict[str, Notifications] = {}
        self._world = world
        self._links = links
        self._make_secret = make_secret
        self._retry_after = retry_after
        self._clock = clock

    def routes(self) -> Iterator[Route]:
        """Give the API's routes."""
        yield Route("GET", "/event-types", self._list_event_types)
        yield Route("GET", "/notification-settings", self._list, _READ)
        yield Route("POST", "/notification-settings", self._create, _WRITE)
        yield Route("GET", "/notification-settings/{id}", self._get, _READ)
        yield Route("PATCH", "/notification-settings/{id}", self._update, _WRITE)
        yield Route("DELETE", "/notification-settings/{id}", self._delete, _WRITE)
        yield Route("GET", "/notifications", self._list_notifications, "notification.read")

    def tell(self, event: Event) -> None:
        """Send what happened to every destination that wants to hear of it."""
        for setting_id, setting in self.settings.items():
            wanted = {subscribed["name"] for subscribed in setting["subscribed_events"]}
            if setting["active"] and setting["traffic_source"] != "simulation" and event.type in wanted:
                self.senders[setting_id].notify(event, self._world.new_id("ntf"))

    def simulate(self, setting_id: str, event: Event) -> Notification:
        """Send a simulated event.

        Raises:
            ApiError: the destination takes no simulated events.
        """
        setting = self.settings.get(setting_id)
        if setting is None or not setting["active"] or setting["traffic_source"] == "platform":
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="notification_setting_id")
        return self.senders[setting_id].notify(event, self._world.new_id("ntfsimntf"))

    async def settled(self) -> None:
        """Wait until everything is delivered or given up."""
        await asyncio.gather(*(sender.settled() for sender in self.senders.values()))

    async def stop(self) -> None:
        """Stop sending."""
        await asyncio.gather(*(sender.stop() for sender in self.senders.values()))

    async def _list_event_types(self, _: web.Request) -> web.Response:
        return entity(list(EVENT_TYPES.values()))

    async def _list(self, request: web.Request) -> web.Response:
        found = with_values(self.settings.values(), request.query, ("traffic_source",))
        active = request.query.get("active")
        if active is not None:
            found = [one for one in found if one["active"] == (active == "true")]
        return page(request, self._links, found, most=200, usual=200)

    async def _get(self, request: web.Request) -> web.Response:
        return entity(find(self.settings, request))

    async def _create(self, request: web.Request) -> web.Response:
        body = _DEFAULTS | await body_of(request)
        for name in _NEEDED:
            if name not in body:
                raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field=name)
        secret = self._make_secret()
        made = _checked(body) | {"id": self._world.new_id("ntfset"), "endpoint_secret_key": secret}
        self._demand_room(made)
        url = _url(made)
        self.settings[made["id"]] = made
        sender = Notifications(url=url, secret=secret, retry_after=self._retry_after, clock=self._clock)
        sender.start()
        self.senders[made["id"]] = sender
        return entity(made, status=HTTPStatus.CREATED)

    async def _update(self, request: web.Request) -> web.Response:
        setting = find(self.settings, request)
        changed = setting | _checked(await body_of(request))
        self._demand_room(changed)
        self.senders[setting["id"]].url = _url(changed)
        self.settings[setting["id"]] = changed
        return entity(changed)

    async def _delete(self, request: web.Request) -> web.Response:
        setting_id = find(self.settings, request)["id"]
        del self.settings[setting_id]
        await self.senders.pop(setting_id).stop()
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _list_notifications(self, request: web.Request) -> web.Response:
        """List what was sent to destinations: https://developer.paddle.com/api-reference/notifications/overview."""
        found = [
            sent.listed() | {"notification_setting_id": setting_id}
            for setting_id, sender in self.senders.items()
            for sent in sender.sent
        ]
        found = with_values(found, request.query, ("notification_setting_id", "status"))
        search = request.query.get("search", "").casefold()
        found = [
            one
            for one in found
            if is_between(one["occurred_at"], request.query)
            and is_about(one["payload"]["data"], request.query)
            and (search in one["id"] or search in one["type"])
        ]
        return page(request, self._links, found, most=200, usual=50)

    def _demand_room(self, setting: Json) -> None:
        others = [one for one in self.settings.values() if one["active"] and one["id"] != setting["id"]]
        if setting["active"] and len(others) >= MOST_ACTIVE:
            raise ApiError(HTTPStatus.BAD_REQUEST, "notification_maximum_active_settings_reached")


def _checked(body: Json) -> Json:
    """Give the fields of a setting. Each event type is replaced by all that Paddle lists about it."""
    setting = {name: value for name, value in body.items() if name in {*_KINDS, *_CHOICES, "subscribed_events"}}
    for name, value in setting.items():
        events_known = name != "subscribed_events" or (
            isinstance(value, list) and all(isinstance(one, str) and one in EVENT_TYPES for one in value)
        )
        kind_fits = name not in _KINDS or isinstance(value, _KINDS[name])
        choice_fits = name not in _CHOICES or value in _CHOICES[name]
        if not (events_known and kind_fits and choice_fits):
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field=name)
    if "subscribed_events" in setting:
        setting["subscribed_events"] = [EVENT_TYPES[name] for name in setting["subscribed_events"]]
    return setting


def _url(setting: Json) -> str | None:
    """Give where to send to.

    Raises:
        ApiError: the destination is no address in the web, although its type is `url`.
    """
    destination: str = setting["destination"]
    if setting["type"] != "url":
        return None
    if not re.fullmatch(r"https?://[^/\s]+\S*", destination):
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="destination")
    return destination
