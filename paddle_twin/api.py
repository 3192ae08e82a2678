"""Paddle's API, answered from the twin's world."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from paddle_twin.answers import body_of, entity, find, page
from paddle_twin.bodies import Json
from paddle_twin.budget import Budget
from paddle_twin.errors import ApiError, error_answer
from paddle_twin.event_log import EventLog
from paddle_twin.faults import Faults, PlannedFault
from paddle_twin.filters import with_times, with_values
from paddle_twin.links import Links
from paddle_twin.routes import Answer, Route
from paddle_twin.world import World

PERMISSIONS = frozenset(
    {
        "address.read",
        "customer.read",
        "customer_portal_session.write",
        "notification.read",
        "notification_setting.read",
        "notification_setting.write",
        "notification_simulation.read",
        "notification_simulation.write",
        "subscription.read",
        "subscription_history.read",
        "transaction.read",
    }
)
SUBSCRIPTIONS_PER_SESSION = 25
# The sandbox's: https://developer.paddle.com/webhooks/about/respond-to-webhooks
IPS = ("34.194.127.46", "54.234.237.108", "3.208.120.145", "44.226.236.210", "44.241.183.62", "100.20.172.113")


_TIMES_OF_TRANSACTION = ("billed_at", "created_at", "updated_at")


@dataclass(slots=True)
class ApiCall:
    """A call that was made, at a time of the monotonic clock. `status` is 0 while, or if, there is no answer."""

    route: str
    at_seconds: float
    status: int = 0


@dataclass
class Api:
    """The API. Everything about it may be changed while it runs: its key, its permissions, its faults."""

    world: World
    links: Links
    events: EventLog
    budget: Budget
    api_key: str
    account: str
    others: Sequence[Route] = ()
    faults: Faults = field(default_factory=Faults)
    permissions: set[str] = field(default_factory=lambda: set(PERMISSIONS))
    calls: list[ApiCall] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def counts(self) -> Counter[str]:
        """How often each route was called, refused calls included."""
        return Counter(call.route for call in self.calls)

    def routes(self) -> list[web.RouteDef]:
        """Give the routes to serve."""
        known = [
            self._route("GET", "/", self._root),
            self._route("GET", "/ips", self._ips),
            self._route("GET", "/transactions", self._list_transactions, "transaction.read"),
            self._route("GET", "/transactions/{id}", self._get_transaction, "transaction.read"),
            self._route("GET", "/subscriptions", self._list_subscriptions, "subscription.read"),
            self._route("GET", "/subscriptions/{id}", self._get_subscription, "subscription.read"),
            self._route("GET", "/subscriptions/{id}/history", self._list_history, "subscription_history.read"),
            self._route("GET", "/events", self._list_events, "notification.read"),
            self._route("GET", "/customers", self._list_customers, "customer.read"),
            self._route("GET", "/customers/{id}", self._get_customer, "customer.read"),
            self._route(
                "POST", "/customers/{id}/portal-sessions", self._create_session, "customer_portal_session.write"
            ),
            *(self._route(*other) for other in self.others),
        ]
        paths = dict.fromkeys(route.path for route in known)
        return [
            *known,
            *(self._route("*", path, self._wrong_method) for path in paths),
            self._route("*", "/{tail:.*}", self._unknown),
        ]

    def _route(self, method: str, path: str, answer: Answer, permission: str | None = None) -> web.RouteDef:
        name = f"{method} {path}"

        async def serve(request: web.Request) -> web.StreamResponse:
            call = ApiCall(name, time.monotonic())
            self.calls.append(call)
            response = await self._answer(request, name, answer, permission)
            if response is None:
                return web.Response()  # goes nowhere: the connection is gone
            call.status = response.status
            return response

        return web.route(method, path, serve)

    async def _answer(
        self, request: web.Request, name: str, answer: Answer, permission: str | None
    ) -> web.StreamResponse | None:
        wait_seconds = self.budget.spend(request.remote or "")
        if wait_seconds is not None:
            return error_answer(ApiError(HTTPStatus.TOO_MANY_REQUESTS), retry_after=str(wait_seconds))
        fault = self.faults.next_for(name)
        if fault is not None:
            return await self._fail(request, fault)
        try:
            self._authenticate(request)
            self._demand(permission)
            return await answer(request)
        except ApiError as error:
            return error_answer(error)

    async def _fail(self, request: web.Request, fault: PlannedFault) -> web.StreamResponse | None:
        if isinstance(fault.what, int):
            return error_answer(ApiError(fault.what, fault.code), retry_after=fault.retry_after)
        if fault.what == "not_json":
            return web.Response(text="<!doctype html><title>Just a moment</title>", content_type="text/html")
        if fault.what == "stall":
            await self.stopping.wait()
        if request.transport is not None:
            request.transport.abort()
        return None

    def _authenticate(self, request: web.Request) -> None:
        # Paddle refuses keys with 403, not 401: https://developer.paddle.com/errors/shared/authentication_missing
        header = request.headers.get("Authorization")
        if not header:
            raise ApiError(HTTPStatus.FORBIDDEN, "authentication_missing")
        scheme, _, key = header.partition(" ")
        if scheme != "Bearer" or not key:
            raise ApiError(HTTPStatus.FORBIDDEN, "authentication_malformed")
        if key != self.api_key:
            raise ApiError(HTTPStatus.FORBIDDEN, "invalid_token")

    def _demand(self, permission: str | None) -> None:
        if permission is not None and permission not in self.permissions:
            raise ApiError(HTTPStatus.FORBIDDEN)

    async def _root(self, _: web.Request) -> web.Response:
        # https://developer.paddle.com/api-reference/api-root/get-api-root
        return entity(
            {
                "api": {"name": "Paddle API", "version": "1", "environment": "sandbox"},
                "caller": {
                    "auth_type": "api_key",
                    "account": {"id": self.account, "name": self.world.seller},
                    "permissions": sorted(self.permissions),
                },
            }
        )

    async def _ips(self, _: web.Request) -> web.Response:
        return entity({"ipv4_cidrs": [f"{address}/32" for address in IPS]})

    async def _list_transactions(self, request: web.Request) -> web.Response:
        includes = self._includes(request)
        found = with_values(
            self.world.transactions.values(),
            request.query,
            ("id", "subscription_id", "customer_id", "status", "collection_mode", "origin", "invoice_number"),
        )
        found = with_times(found, request.query, _TIMES_OF_TRANSACTION)
        shown = [self._with_includes(one, includes) for one in found]
        return page(request, self.links, shown, most=30, usual=30, orders=("id", *_TIMES_OF_TRANSACTION))

    async def _get_transaction(self, request: web.Request) -> web.Response:
        includes = self._includes(request)
        return entity(self._with_includes(find(self.world.transactions, request), includes))

    async def _list_subscriptions(self, request: web.Request) -> web.Response:
        _refuse_includes(request)
        found = with_values(
            self.world.subscriptions.values(),
            request.query,
            ("id", "customer_id", "address_id", "status", "collection_mode"),
        )
        found = with_times(found, request.query, ("next_billed_at",))
        prices, actions = (request.query.get(name) for name in ("price_id", "scheduled_change_action"))
        if prices is not None:
            found = [one for one in found if any(item["price"]["id"] in prices.split(",") for item in one["items"])]
        if actions is not None:
            found = [one for one in found if (one["scheduled_change"] or {}).get("action") in actions.split(",")]
        return page(request, self.links, [self._with_urls(one) for one in found], most=200, usual=50)

    async def _get_subscription(self, request: web.Request) -> web.Response:
        _refuse_includes(request)
        return entity(self._with_urls(find(self.world.subscriptions, request)))

    async def _list_history(self, request: web.Request) -> web.Response:
        subscription = find(self.world.subscriptions, request)
        return page(
            request, self.links, self.world.history.listed(subscription["id"], request.query), most=200, usual=50
        )

    async def _list_customers(self, request: web.Request) -> web.Response:
        # Archived ones are listed only where they are asked for, and addresses are compared exactly:
        # https://developer.paddle.com/api-reference/customers/list-customers
        query = {"status": "active", **request.query}
        found = with_values(self.world.customers.values(), query, ("id", "email", "status"))
        search = query.get("search", "").casefold()
        found = [
            one for one in found if any(search in (one[name] or "").casefold() for name in ("id", "name", "email"))
        ]
        return page(request, self.links, found, most=200, usual=50)

    async def _get_customer(self, request: web.Request) -> web.Response:
        return entity(find(self.world.customers, request))

    async def _list_events(self, request: web.Request) -> web.Response:
        after = request.query.get("after")
        if after is not None and not self.events.has(after):
            raise ApiError(HTTPStatus.NOT_FOUND)
        types = request.query.get("event_type")
        return page(
            request,
            self.links,
            self.events.listed(types.split(",") if types else None, request.query),
            most=200,
            usual=50,
            key="event_id",
        )

    async def _create_session(self, request: web.Request) -> web.Response:
        customer = find(self.world.customers, request)
        wanted = (await body_of(request)).get("subscription_ids") or []
        if not isinstance(wanted, list) or not all(isinstance(wanted_id, str) for wanted_id in wanted):
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="subscription_ids")
        own = {found["id"] for found in self.world.subscriptions.values() if found["customer_id"] == customer["id"]}
        if len(wanted) > SUBSCRIPTIONS_PER_SESSION or len(set(wanted)) < len(wanted) or not own.issuperset(wanted):
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="subscription_ids")
        return entity(self.links.session(customer["id"], wanted), status=HTTPStatus.CREATED)

    async def _wrong_method(self, _: web.Request) -> web.Response:
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED)

    async def _unknown(self, _: web.Request) -> web.Response:
        raise ApiError(HTTPStatus.NOT_FOUND, "invalid_url")

    def _includes(self, request: web.Request) -> set[str]:
        wanted = set(filter(None, request.query.get("include", "").split(",")))
        if not wanted <= {"customer", "address"}:
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="include")
        for name in wanted:
            self._demand(f"{name}.read")
        return wanted

    def _with_includes(self, transaction: Json, includes: set[str]) -> Json:
        known = {"customer": self.world.customers, "address": self.world.addresses}
        return transaction | {name: known[name].get(transaction[f"{name}_id"]) for name in sorted(includes)}

    def _with_urls(self, subscription: Json) -> Json:
        """Add the links that only the API tells: with a token, if the key may make portal sessions."""
        signed_in = "customer_portal_session.write" in self.permissions
        return subscription | {"management_urls": self.links.management_urls(subscription, signed_in=signed_in)}


def _refuse_includes(request: web.Request) -> None:
    """Refuse what Paddle can include in a subscription, since an answer that leaves it out would mislead."""
    if request.query.get("include"):
        raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_field", field="include")
