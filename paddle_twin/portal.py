"""The twin's customer portal: signed in by a link's token, or at its login page."""

from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from babel.numbers import format_currency, get_currency_precision
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from paddle_twin.bodies import Json
from paddle_twin.links import CANCEL, UPDATE, VIEW, Links
from paddle_twin.world import World

# The token is in the address: no cache, and no Referer to wherever a customer goes next.
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
}


@dataclass(frozen=True, slots=True)
class _Visit:
    """A customer who is signed in, and the subscription they came for."""

    customer: Json
    subscription: Json | None
    token: str


class Portal:
    """The pages. Each names itself in `<html data-page>`: `login`, `update`, `paid` or `overview`."""

    def __init__(self, world: World, links: Links) -> None:
        """Show the world's customers what they owe."""
        self._world = world
        self._links = links
        self._pages = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined
        )

    def routes(self) -> list[web.RouteDef]:
        """Give the routes to serve."""
        return [
            web.get(r"/{portal_id:cpl_[a-z\d]+}", self._show),
            web.post(r"/{portal_id:cpl_[a-z\d]+}", self._pay),
            web.get(r"/login/{portal_id:cpl_[a-z\d]+}", self._login),
            web.post(r"/login/{portal_id:cpl_[a-z\d]+}", self._login),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        visit = self._visit(request)
        if visit is None:
            return self._login_page(asked=False)
        if visit.subscription is None or request.query.get("action") not in {UPDATE, CANCEL, VIEW}:
            return self._overview_page(visit)
        if request.query.get("paid"):
            return self._page("paid", "Paid", email=visit.customer["email"], product=_product(visit.subscription))
        debts = self._world.debts(visit.subscription["id"])
        return self._page(
            "update",
            "Update payment method",
            email=visit.customer["email"],
            product=_product(visit.subscription),
            amount=_amount(debts),
            card=_card(debts),
        )

    async def _pay(self, request: web.Request) -> web.Response:
        visit = self._visit(request)
        if visit is None or visit.subscription is None:
            return self._login_page(asked=False)
        for debt in self._world.debts(visit.subscription["id"]):
            self._world.pay(debt["id"])
        return web.Response(
            status=HTTPStatus.SEE_OTHER,
            headers=_HEADERS | {"Location": str(request.rel_url.update_query(paid="1"))},
        )

    async def _login(self, request: web.Request) -> web.Response:
        return self._login_page(asked=request.method == "POST")

    def _visit(self, request: web.Request) -> _Visit | None:
        token = request.query.get("token", "")
        customer_id = self._links.whose(token)
        if customer_id is None or request.match_info["portal_id"] != self._world.portal_id:
            return None
        subscription = self._world.subscriptions.get(request.query.get("subscription_id", ""))
        if subscription is not None and subscription["customer_id"] != customer_id:
            subscription = None
        return _Visit(self._world.customers[customer_id], subscription, token)

    def _overview_page(self, visit: _Visit) -> web.Response:
        own = [
            {
                "product": _product(found),
                "status": found["status"].replace("_", " "),
                "link": self._links.link(UPDATE, found["id"], token=visit.token)
                if self._world.debts(found["id"])
                else None,
            }
            for found in self._world.subscriptions.values()
            if found["customer_id"] == visit.customer["id"]
        ]
        return self._page("overview", "Your subscriptions", email=visit.customer["email"], subscriptions=own)

    def _login_page(self, *, asked: bool) -> web.Response:
        return self._page("login", "Sign in", asked=asked, login_path=f"/login/{self._world.portal_id}")

    def _page(self, name: str, title: str, **facts: object) -> web.Response:
        html = self._pages.get_template(f"{name}.html").render(
            page=name, title=title, seller=self._world.seller, **facts
        )
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)


def _product(subscription: Json) -> str:
    return str(subscription["items"][0]["product"]["name"])


def _amount(debts: list[Json]) -> str | None:
    if not debts:
        return None
    currency = debts[0]["currency_code"]
    minor_units = sum(int(debt["details"]["totals"]["balance"]) for debt in debts)
    return format_currency(Decimal(minor_units).scaleb(-get_currency_precision(currency)), currency, locale="en")


def _card(debts: list[Json]) -> str | None:
    cards = [payment["method_details"]["card"] for debt in debts for payment in debt["payments"]]
    return next((card["last4"] for card in cards if card), None)
