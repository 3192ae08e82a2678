"""The twin's world over HTTP, under `/_twin/`, for a test or a demo in another process. JSON in and out."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal, Protocol, TypeVar

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from paddle_twin.api import Api
from paddle_twin.bodies import stamp
from paddle_twin.faults import Fault
from paddle_twin.links import Links
from paddle_twin.notifications import Notification, Notifications
from paddle_twin.world import World

Asked = TypeVar("Asked", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Customer(_Body):
    name: str | None = None
    email: str
    locale: str = "en"
    country: str = "US"
    status: str = "active"


class _CustomerChanges(_Body):
    name: str | None = None
    email: str | None = None
    locale: str | None = None
    status: str | None = None


class _Subscription(_Body):
    customer_id: str
    product: str = "Lantern Pro"
    price: int = 2400
    currency: str = "USD"
    interval: Literal["day", "week", "month", "year"] = "month"
    collection_mode: str = "automatic"
    status: str = "active"
    card_last4: str | None = "4242"


class _Decline(_Body):
    code: str = "declined"
    at: AwareDatetime | None = None
    settles: bool = True


class _Retry(_Body):
    code: str = "declined"
    at: AwareDatetime | None = None


class _Attempt(_Body):
    status: str
    code: str | None = None
    card_last4: str | None = None
    at: AwareDatetime | None = None


class _Payment(_Body):
    source: str | None = "customer_portal"


class _Schedule(_Body):
    action: str = "cancel"


class _Fault(_Body):
    route: str
    what: Fault
    times: int = 1
    code: str | None = None
    retry_after: str | None = None


class _Event(_Body):
    event_type: str
    data: dict[str, Any]
    event_id: str | None = None
    simulated: bool = False


class _Settings(_Body):
    webhook_url: str | None = None
    webhook_secret: str | None = None
    api_key: str | None = None
    permissions: list[str] | None = None
    portal_url: str | None = None
    links_with_token: bool | None = None


class Controlled(Protocol):
    """What is controlled: a twin. This protocol stands in for it, so that it need not be imported."""

    world: World
    notifications: Notifications
    links: Links
    api: Api

    def fail_next(
        self, route: str, what: Fault, times: int = 1, *, code: str | None = None, retry_after: str | None = None
    ) -> None:
        """Let the next calls of a route fail."""

    def send(
        self, event_type: str, data: dict[str, object], *, event_id: str | None = None, simulated: bool = False
    ) -> Notification:
        """Send an event that did not happen in this world."""
        ...

    def replay(self, event_id: str) -> Notification:
        """Send an event once more."""
        ...


class Control:
    """The routes that change the twin's world, its settings and what goes wrong next."""

    def __init__(self, twin: Controlled) -> None:
        """Control this twin."""
        self._twin = twin
        self._world = twin.world

    def routes(self) -> list[web.RouteDef]:
        """Give the routes to serve."""
        return [
            web.post("/_twin/customers", _answering(self._add_customer)),
            web.patch("/_twin/customers/{id}", _answering(self._update_customer)),
            web.post("/_twin/subscriptions", _answering(self._add_subscription)),
            web.post("/_twin/subscriptions/{id}/decline", _answering(self._decline)),
            web.post("/_twin/subscriptions/{id}/cancel", _answering(self._cancel)),
            web.post("/_twin/subscriptions/{id}/pause", _answering(self._pause)),
            web.post("/_twin/subscriptions/{id}/schedule", _answering(self._schedule)),
            web.post("/_twin/transactions/{id}/past-due", _answering(self._become_past_due)),
            web.post("/_twin/transactions/{id}/retry", _answering(self._retry)),
            web.post("/_twin/transactions/{id}/attempt", _answering(self._attempt)),
            web.post("/_twin/transactions/{id}/pay", _answering(self._pay)),
            web.get("/_twin/transactions/{id}", _answering(self._transaction)),
            web.post("/_twin/events", _answering(self._send)),
            web.post("/_twin/events/{id}/replay", _answering(self._replay)),
            web.get("/_twin/world", _answering(self._everything)),
            web.get("/_twin/notifications", _answering(self._notifications)),
            web.get("/_twin/calls", _answering(self._calls)),
            web.post("/_twin/faults", _answering(self._fail)),
            web.delete("/_twin/faults", _answering(self._clear_faults)),
            web.patch("/_twin/settings", _answering(self._settings)),
        ]

    async def _add_customer(self, request: web.Request) -> object:
        asked = await _read(request, _Customer)
        return {"id": self._world.add_customer(**asked.model_dump())}

    async def _update_customer(self, request: web.Request) -> object:
        asked = await _read(request, _CustomerChanges)
        self._world.update_customer(_id(request), **asked.model_dump(exclude_unset=True))
        return {"id": _id(request)}

    async def _add_subscription(self, request: web.Request) -> object:
        asked = await _read(request, _Subscription)
        return {"id": self._world.add_subscription(**asked.model_dump())}

    async def _decline(self, request: web.Request) -> object:
        asked = await _read(request, _Decline)
        return {"id": self._world.decline(_id(request), asked.code, at=asked.at, settles=asked.settles)}

    async def _cancel(self, request: web.Request) -> object:
        self._world.cancel(_id(request))
        return {"id": _id(request)}

    async def _pause(self, request: web.Request) -> object:
        self._world.pause(_id(request))
        return {"id": _id(request)}

    async def _schedule(self, request: web.Request) -> object:
        self._world.schedule(_id(request), (await _read(request, _Schedule)).action)
        return {"id": _id(request)}

    async def _become_past_due(self, request: web.Request) -> object:
        self._world.become_past_due(_id(request))
        return {"id": _id(request)}

    async def _retry(self, request: web.Request) -> object:
        asked = await _read(request, _Retry)
        self._world.retry(_id(request), asked.code, at=asked.at)
        return {"id": _id(request)}

    async def _attempt(self, request: web.Request) -> object:
        asked = await _read(request, _Attempt)
        self._world.attempt(_id(request), asked.status, code=asked.code, card_last4=asked.card_last4, at=asked.at)
        return {"id": _id(request)}

    async def _pay(self, request: web.Request) -> object:
        self._world.pay(_id(request), source=(await _read(request, _Payment)).source)
        return {"id": _id(request)}

    async def _transaction(self, request: web.Request) -> object:
        return self._world.transactions[_id(request)]

    async def _send(self, request: web.Request) -> object:
        asked = await _read(request, _Event)
        return _shown(self._twin.send(asked.event_type, asked.data, event_id=asked.event_id, simulated=asked.simulated))

    async def _replay(self, request: web.Request) -> object:
        return _shown(self._twin.replay(_id(request)))

    async def _everything(self, _: web.Request) -> object:
        """Show the world as it is, and the notifications without their bodies."""
        return {
            "now": stamp(self._world.clock()),
            "customers": list(self._world.customers.values()),
            "subscriptions": list(self._world.subscriptions.values()),
            "transactions": list(self._world.transactions.values()),
            "notifications": [_outlined(notification) for notification in self._twin.notifications.sent],
        }

    async def _notifications(self, _: web.Request) -> object:
        return [_shown(notification) for notification in self._twin.notifications.sent]

    async def _calls(self, _: web.Request) -> object:
        made = [
            {"route": call.route, "status": call.status, "at_seconds": call.at_seconds} for call in self._twin.api.calls
        ]
        return {"counts": self._twin.api.counts, "calls": made}

    async def _fail(self, request: web.Request) -> object:
        asked = await _read(request, _Fault)
        self._twin.fail_next(asked.route, asked.what, asked.times, code=asked.code, retry_after=asked.retry_after)
        return {}

    async def _clear_faults(self, _: web.Request) -> object:
        self._twin.api.faults.clear()
        return {}

    async def _settings(self, request: web.Request) -> object:
        """Change what is named, and leave the rest."""
        asked = (await _read(request, _Settings)).model_dump(exclude_unset=True)
        twin = self._twin
        twin.notifications.url = asked.get("webhook_url", twin.notifications.url)
        twin.notifications.secret = asked.get("webhook_secret", twin.notifications.secret)
        twin.api.api_key = asked.get("api_key", twin.api.api_key)
        twin.api.permissions = set(asked.get("permissions", twin.api.permissions))
        twin.links.portal_url = asked.get("portal_url", twin.links.portal_url)
        twin.links.with_token = asked.get("links_with_token", twin.links.with_token)
        return {}


def _answering(answer: Callable[[web.Request], Awaitable[object]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        try:
            return web.json_response(await answer(request))
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=HTTPStatus.BAD_REQUEST)
        except LookupError:
            return web.json_response({"error": "no such id"}, status=HTTPStatus.NOT_FOUND)

    return serve


async def _read(request: web.Request, shape: type[Asked]) -> Asked:
    return shape.model_validate_json(await request.read() or b"{}")


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _outlined(notification: Notification) -> dict[str, object]:
    return {
        "event_type": notification.event_type,
        "entity_id": notification.entity_id,
        "customer_id": notification.customer_id,
        "occurred_at": notification.occurred_at,
        "status": notification.status,
        "answers": notification.answers,
    }


def _shown(notification: Notification) -> dict[str, object]:
    return {
        "id": notification.id,
        "event_id": notification.event_id,
        "event_type": notification.event_type,
        "status": notification.status,
        "answers": notification.answers,
        "body": json.loads(notification.body),
    }
