"""What operators do to a case, each by the function that its command uses, and noted in the audit list."""

from collections.abc import Awaitable, Sequence
from http import HTTPStatus

from aiohttp import web

from console.keys import CAMPAIGNS, CLOCK, LINKS, SETTINGS, STORE
from console.portal_sessions import NoLinksError, make_links
from console.screen.case import read_file
from console.screen.changes import note_change
from console.screen.forms import FORM
from console.screen.person import PERSON
from console.screen.refusals import RefusedError
from console.screen.render import render
from dunning.audit import Change
from dunning.casebook import by_hand
from dunning.casebook import exclude as exclusions
from dunning.errors import CaseNotFoundError, NotPossibleError
from dunning.links import LINK_LIFETIME
from dunning.rules.case import Case


async def stop(request: web.Request) -> web.Response:
    """End it."""
    app, case_id = request.app, request.match_info["case_id"]
    work = by_hand.stop(app[STORE], app[CAMPAIGNS], case_id, app[CLOCK](), by=_who(request))
    return await _change(request, Change.STOP, "Stopped", work)


async def send_now(request: web.Request) -> web.Response:
    """Make its next step due, or the one that is chosen."""
    app, case_id, step = request.app, request.match_info["case_id"], request[FORM].get("step") or None
    work = by_hand.send_now(app[STORE], app[CAMPAIGNS], case_id, step, app[CLOCK](), by=_who(request))
    return await _change(request, Change.SEND_NOW, "Sent now", work)


async def resend(request: web.Request) -> web.Response:
    """Send its last mail once more."""
    app, case_id = request.app, request.match_info["case_id"]
    work = by_hand.resend(app[STORE], app[CAMPAIGNS], case_id, app[CLOCK](), by=_who(request))
    return await _change(request, Change.RESEND, "Sent again", work)


async def exclude(request: web.Request) -> web.Response:
    """Send no mail to its customer, or about its subscription, any more."""
    store, now = request.app[STORE], request.app[CLOCK]()
    who, customer = await _whom(request)
    new = await exclusions.exclude(store, who, now, by=_who(request), customer=customer)
    if new is None:
        return _said(request, "Excluded", [f"{who} was excluded already."])
    await note_change(request, Change.EXCLUDE, who)
    return _said(request, "Excluded", [f"{who} gets no more mail, also for renewals that fail later."])


async def include(request: web.Request) -> web.Response:
    """Take an exclusion back."""
    store, now = request.app[STORE], request.app[CLOCK]()
    who, customer = await _whom(request)
    was = await exclusions.include(store, who, now, by=_who(request), customer=customer)
    if was is None:
        return _said(request, "Included", [f"{who} was not excluded."])
    await note_change(request, Change.INCLUDE, who)
    return _said(request, "Included", [f"{who} gets mail again, from the next step on."])


async def make_payment_link(request: web.Request) -> web.Response:
    """Make our payment link, to be handed over by hand. It is shown this once."""
    case, app = await _case(request), request.app
    if not case.may_be_paid:
        raise RefusedError(HTTPStatus.CONFLICT, f"Case {case.id} has ended: its link leads nowhere.")
    expires_at = case.failed_at + LINK_LIFETIME
    token = app[LINKS].sign(case.id, expires_at)
    await note_change(request, Change.PAYMENT_LINK, case.id)
    return render(
        request,
        "links.html",
        title="Payment link",
        case_id=case.id,
        links=[("Payment link", f"{app[SETTINGS].public_url}/pay/{token}")],
        expires_at=expires_at,
        note="Whoever has it can pay this debt as the customer, as long as the debt stands.",
    )


async def make_portal_links(request: web.Request) -> web.Response:
    """Make links that sign the customer in at Paddle. They are shown this once, and kept nowhere."""
    case = await _case(request)
    try:
        made = await make_links(request.app, case.customer_id, [case.subscription_id])
    except NoLinksError as error:
        raise RefusedError(error.status, error.detail) from None
    await note_change(request, Change.PORTAL_LINKS, case.id)
    (of_subscription,) = made.subscriptions
    named = {
        "Overview": made.overview,
        "Update the payment method": of_subscription.update_payment_method,
        "Cancel": of_subscription.cancel,
        "View": of_subscription.view,
    }
    return render(
        request,
        "links.html",
        title="Portal links",
        case_id=case.id,
        links=[(name, link) for name, link in named.items() if link],
        expires_at=made.expires_at,
        note="Whoever opens one is signed in as the customer. Hand them to nobody else.",
    )


async def _change(request: web.Request, what: Change, title: str, work: Awaitable[Sequence[str]]) -> web.Response:
    try:
        said = await work
    except NotPossibleError as error:
        missing = isinstance(error, CaseNotFoundError)
        raise RefusedError(HTTPStatus.NOT_FOUND if missing else HTTPStatus.CONFLICT, str(error)) from None
    await note_change(request, what, request.match_info["case_id"])
    return _said(request, title, said)


def _said(request: web.Request, title: str, said: Sequence[str]) -> web.Response:
    case_id = request.match_info["case_id"]
    return render(
        request, "said.html", title=title, lines=said, back=f"/cases/{case_id}", back_to=f"Back to case {case_id}"
    )


async def _case(request: web.Request) -> Case:
    case = (await read_file(request)).case
    if case is None:
        raise RefusedError(HTTPStatus.CONFLICT, "Another version of Dunning wrote this case: it can't be read here.")
    return case


async def _whom(request: web.Request) -> tuple[str, str]:
    """Return whom the form is about, the case's customer or its subscription, and the customer."""
    case, who = await _case(request), request[FORM].get("who", "")
    if who not in {case.customer_id, case.subscription_id}:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Neither the case's customer nor its subscription was chosen.")
    return who, case.customer_id


def _who(request: web.Request) -> str:
    return request[PERSON].name
