"""Cases: found by an id, an address or what they have in common, a page at a time."""

from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from console.keys import CAMPAIGNS, CLOCK, PADDLE, STORE
from console.screen.forms import FORM
from console.screen.refusals import RefusedError
from console.screen.render import render, see_other
from dunning.casebook.about import SHOULD_BE, read_about
from dunning.casebook.case_page import read_case_page
from dunning.casebook.find import ENDED, ONLY_OPEN, CaseQuery
from dunning.errors import DunningError
from dunning.paddle_api.grants import Grant
from dunning.reasons import EndReason
from dunning.rules.case import CaseState

ON_A_PAGE = 50
EVERY, THAT_ENDED = "every", "ended"
STATES = {
    CaseState.OPEN.value: ONLY_OPEN,
    **{state.value: frozenset({state}) for state in CaseState if state is not CaseState.OPEN},
    THAT_ENDED: ENDED,
    EVERY: ENDED | ONLY_OPEN,
}
_CHOICES = ("state", "reason", "campaign", "customer", "subscription")


async def show(request: web.Request) -> web.Response:
    """Show a page of them."""
    app, given = request.app, request.query
    state = given.get("state") or (THAT_ENDED if given.get("reason") else CaseState.OPEN.value)
    if state not in STATES or given.get("reason", "") not in {"", *EndReason}:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "There is no such state, or no such reason.")
    wanted = CaseQuery(
        campaign=given.get("campaign") or None,
        customer=given.get("customer") or None,
        subscription=given.get("subscription") or None,
        states=STATES[state],
        reason=given.get("reason") or None,
    )
    store, now = app[STORE], app[CLOCK]()
    try:
        found = await read_case_page(store, app[CAMPAIGNS], wanted, ON_A_PAGE, now, given.get("cursor") or None)
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from None
    chosen = {name: given[name] for name in _CHOICES if given.get(name)}
    return render(
        request,
        "cases.html",
        title="Cases",
        cases=found.cases,
        more=None if found.cursor is None else _address({**chosen, "cursor": found.cursor}),
        first=_address(chosen) if given.get("cursor") else None,
        chosen={**chosen, "state": state},
        states=[*STATES],
        reasons=[*EndReason],
        campaigns=sorted({*await store.campaigns.names(), *(one.name for one in app[CAMPAIGNS].all)}),
        paused=await store.brakes.paused(),
        excluded={one.id for one in await store.exclusions.all()},
        now=now,
    )


async def find(request: web.Request) -> web.Response:
    """Lead to what somebody asked for. It comes in a form, since an address is to be in no URL.

    1. An id, or the transaction's in a payment link, leads to its case or cases.
    2. Whose an address is, is asked of Paddle; it is kept nowhere.
    3. A subscription's open cases are found by its customer: Paddle says who that is if no ended case does.
    """
    about = read_about(request[FORM].get("about", ""))
    if about is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST, SHOULD_BE)
    if about.startswith("txn_") and "@" not in about:
        return see_other(f"/cases/{about}")
    chosen = {"state": EVERY}
    try:
        if "@" in about:
            customers = await _customers_of(request, about)
            if len(customers) > 1:
                return render(request, "customers.html", title="Several customers", customers=customers)
            chosen["customer"] = customers[0]
        elif about.startswith("sub_"):
            chosen |= {"subscription": about, "customer": await _owner(request, about)}
        else:
            chosen["customer"] = about
    except DunningError as error:
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, f"Paddle can't be asked: {error}") from None
    return see_other(_address(chosen))


async def _customers_of(request: web.Request, address: str) -> Sequence[str]:
    found = await request.app[PADDLE].customers_of(address, await _grant(request))
    if not found:
        raise RefusedError(HTTPStatus.NOT_FOUND, "Paddle knows no customer with this address.")
    return found


async def _owner(request: web.Request, subscription_id: str) -> str:
    store = request.app[STORE]
    for case_id in await store.ended.of(subscription_id):
        case = await store.cases.read(case_id)
        if case is not None:
            return case.customer_id
    found = await request.app[PADDLE].read_subscriptions([subscription_id], await _grant(request))
    if subscription_id not in found:
        raise RefusedError(HTTPStatus.NOT_FOUND, "Paddle knows no such subscription.")
    return found[subscription_id].customer_id


async def _grant(request: web.Request) -> Grant:
    grants = await request.app[STORE].limiter.ask(1, background=False)
    if grants is None:
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "The budget of API calls has no room now: try again.")
    return grants[0]


def _address(query: dict[str, str]) -> str:
    return str(URL("/cases").with_query(query))
