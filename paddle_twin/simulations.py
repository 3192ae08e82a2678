"""Paddle's webhook simulator: events that did not happen, sent to a destination that takes simulated events.

https://developer.paddle.com/api-reference/simulations/overview
"""

import json
from collections.abc import Iterator
from http import HTTPStatus

from aiohttp import web

from paddle_twin.answers import body_of, entity, find, page
from paddle_twin.bodies import Json, stamp
from paddle_twin.destinations import Destinations
from paddle_twin.errors import ApiError
from paddle_twin.event_types import EVENT_TYPES
from paddle_twin.filters import with_values
from paddle_twin.links import Links
from paddle_twin.notifications import Notification
from paddle_twin.routes import Route
from paddle_twin.world import Event, World

_READ, _WRITE = "notification_simulation.read", "notification_simulation.write"
_CHANGEABLE = ("name", "type", "payload", "status", "notification_setting_id")


class Simulations:
    """The simulations and their runs. Single events only, no scenarios."""

    def __init__(self, world: World, links: Links, destinations: Destinations) -> None:
        """Begin with none."""
        self._world = world
        self._links = links
        self._destinations = destinations
        self._simulations: dict[str, Json] = {}
        self._runs: dict[str, dict[str, Json]] = {}
        self._sent: dict[str, tuple[Json, Notification]] = {}

    def routes(self) -> Iterator[Route]:
        """Give the API's routes."""
        yield Route("GET", "/simulation-types", self._list_types, _READ)
        yield Route("GET", "/simulations", self._list, _READ)
        yield Route("POST", "/simulations", self._create, _WRITE)
        yield Route("GET", "/simulations/{id}", self._get, _READ)
        yield Route("PATCH", "/simulations/{id}", self._update, _WRITE)
        yield Route("GET", "/simulations/{id}/runs", self._list_runs, _READ)
        yield Route("POST", "/simulations/{id}/runs", self._run, _WRITE)
        yield Route("GET", "/simulations/{id}/runs/{run}", self._get_run, _READ)
        yield Route("GET", "/simulations/{id}/runs/{run}/events", self._list_run_events, _READ)
        yield Route("GET", "/simulations/{id}/runs/{run}/events/{event}", self._get_run_event, _READ)
        yield Route("POST", "/simulations/{id}/runs/{run}/events/{event}/replay", self._replay, _WRITE)

    async def _list_types(self, _: web.Request) -> web.Response:
        return entity(
            [
                {
                    "name": known["name"],
                    "label": known["name"],
                    "description": known["description"],
                    "group": known["group"],
                    "type": "single_event",
                    "events": [known["name"]],
                }
                for known in EVENT_TYPES.values()
            ]
        )

    async def _list(self, request: web.Request) -> web.Response:
        found = with_values(self._simulations.values(), request.query, ("id", "notification_setting_id", "status"))
        return page(request, self._links, found, most=200, usual=50)

    async def _get(self, request: web.Request) -> web.Response:
        return entity(find(self._simulations, request))

    async def _create(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        now = stamp(self._world.clock())
        made = {
            "id": self._world.new_id("ntfsim"),
            "status": "active",
            "notification_setting_id": body.get("notification_setting_id"),
            "name": body.get("name"),
            "type": body.get("type"),
            "payload": body.get("payload"),
            "config": None,
            "last_run_at": None,
            "created_at": now,
            "updated_at": now,
        }
        self._check(made)
        simulation_id = str(made["id"])
        self._simulations[simulation_id] = made
        return entity(made, status=HTTPStatus.CREATED)

    async def _update(self, request: web.Request) -> web.Response:
        simulation = find(self._simulations, request)
        body = await body_of(request)
        changes = {name: body[name] for name in _CHANGEABLE if name in body}
        changed = simulation | changes | {"updated_at": stamp(self._world.clock())}
        self._check(changed)
        self._simulations[simulation["id"]] = changed
        return entity(changed)

    async def _run(self, request: web.Request) -> web.Response:
        simulation = find(self._simulations, request)
        now = self._world.clock()
        payload = simulation["payload"] or self._example(simulation["type"])
        event = Event(self._world.new_id("ntfsimevt"), simulation["type"], now, json.dumps(payload))
        notification = self._destinations.simulate(simulation["notification_setting_id"], event)
        run = {
            "id": self._world.new_id("ntfsimrun"),
            "type": simulation["type"],
            "created_at": stamp(now),
            "updated_at": stamp(now),
        }
        simulation["last_run_at"] = stamp(now)
        self._runs.setdefault(simulation["id"], {})[run["id"]] = run
        self._sent[run["id"]] = (payload, notification)
        return entity(self._with_status(run), status=HTTPStatus.CREATED)

    async def _list_runs(self, request: web.Request) -> web.Response:
        runs = self._runs.get(find(self._simulations, request)["id"], {})
        return page(request, self._links, map(self._with_status, runs.values()), most=200, usual=50)

    async def _get_run(self, request: web.Request) -> web.Response:
        run = self._with_status(self._find_run(request))
        events = {"events": [self._event(run)]} if request.query.get("include") == "events" else {}
        return entity(run | events)

    async def _list_run_events(self, request: web.Request) -> web.Response:
        return page(request, self._links, [self._event(self._find_run(request))], most=200, usual=50)

    async def _get_run_event(self, request: web.Request) -> web.Response:
        return entity(self._find_event(request))

    async def _replay(self, request: web.Request) -> web.Response:
        """Send the event of a run once more: the same event in a new notification."""
        found, run = self._find_event(request), self._find_run(request)
        payload, _ = self._sent[run["id"]]
        event = Event(found["id"], run["type"], self._world.clock(), json.dumps(payload))
        setting_id = self._simulations[request.match_info["id"]]["notification_setting_id"]
        self._sent[run["id"]] = (payload, self._destinations.simulate(setting_id, event))
        run["updated_at"] = stamp(self._world.clock())
        return entity(self._event(run))

    def _find_event(self, request: web.Request) -> Json:
        event = self._event(self._find_run(request))
        return find({event["id"]: event}, request, "event")

    def _find_run(self, request: web.Request) -> Json:
        return find(self._runs.get(find(self._simulations, request)["id"], {}), request, "run")

    def _with_status(self, run: Json) -> Json:
        _, notification = self._sent[run["id"]]
        return run | {"status": "completed" if notification.answers else "pending"}

    def _event(self, run: Json) -> Json:
        payload, notification = self._sent[run["id"]]
        answer = notification.answers[-1] if notification.answers else None
        status = "pending" if answer is None else "success" if answer == HTTPStatus.OK else "failed"
        return {
            "id": notification.event_id,
            "status": status,
            "event_type": notification.event_type,
            "payload": payload,
            "request": {"body": notification.body.decode()},
            "response": None if answer is None else {"body": "", "status_code": answer},
            "created_at": run["created_at"],
            "updated_at": run["updated_at"],
        }

    def _check(self, simulation: Json) -> None:
        right = {
            "notification_setting_id": simulation["notification_setting_id"] in list(self._destinations.settings),
            "name": isinstance(simulation["name"], str),
            "type": simulation["type"] in list(EVENT_TYPES),
            "status": simulation["status"] in ("active", "archived"),
            "payload": simulation["payload"] is None or isinstance(simulation["payload"], dict),
        }
        for field, is_right in right.items():
            if not is_right:
                raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field=field)

    def _example(self, event_type: str) -> Json:
        """Give a made-up entity, as Paddle does if the simulation has no payload."""
        made = World(seller=self._world.seller, clock=self._world.clock, tell=lambda _event: None)
        customer_id = made.add_customer(name="Ada Example", email="ada@customer.example")
        subscription_id = made.add_subscription(customer_id)
        bill_id = made.decline(subscription_id)
        examples = {
            "customer": made.customers[customer_id],
            "subscription": made.subscriptions[subscription_id],
            "transaction": made.transactions[bill_id],
        }
        example = examples.get(event_type.partition(".")[0])
        if example is None:
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="payload")
        return example
