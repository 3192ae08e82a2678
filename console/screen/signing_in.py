"""Signing in by a link that works once, and signing out."""

from http import HTTPStatus

from aiohttp import web

from console.keys import CLOCK, STORE
from console.screen.changes import note_change
from console.screen.forms import check_origin
from console.screen.person import PERSON, Person, find_person, give_cookie, link_secrets, take_cookie
from console.screen.refusals import RefusedError
from console.screen.render import render, see_other
from dunning.audit import Change
from dunning.metrics import SIGN_INS_REFUSED
from dunning.people import Use, address_key, form_token, has_digest, make_pass, pass_id
from dunning.store import Session, SignInLink

_DEAD = "This link was used, or is older than 15 minutes. Make another: dunning sign-in NAME --role viewer"
_TOO_MANY = "Too many links were tried in vain. Try again in a quarter of an hour."


async def ask(request: web.Request) -> web.Response:
    """Tell how to sign in."""
    if await find_person(request):
        return see_other("/")
    return how_to_sign_in(request, HTTPStatus.OK)


def how_to_sign_in(request: web.Request, status: HTTPStatus) -> web.Response:
    """Return the page that tells it."""
    return render(request, "how_to_sign_in.html", status=status, title="Sign in")


async def show(request: web.Request) -> web.Response:
    """Show the button that signs in. What only looks at links uses none up.

    A link is followed by a person. What a page loads, as an image, in a frame or ahead of a visit, is refused before it
    is looked at: a foreign page could try links in vain by it, until nobody may sign in.

    Raises:
        RefusedError: a page loaded it, or the link is dead.
    """
    if request.headers.get("Sec-Fetch-Dest", "document") != "document" or "Sec-Purpose" in request.headers:
        raise RefusedError(HTTPStatus.FORBIDDEN, "Another page loaded this. Open the link by itself.")
    link = await _good_link(request)
    return render(request, "sign_in.html", title="Sign in", name=link.name, role=link.role)


async def sign_in(request: web.Request) -> web.Response:
    """Use the link up, begin a session, and lead to the overview.

    1. A page of another site's may not sign its visitor in here.
    2. The link is looked at: one that is wrong uses up nothing.
    3. It is used up. Of two that come at once, one gets on.
    4. A session begins, and the browser alone is given what opens it.
    """
    check_origin(request)
    store, now = request.app[STORE], request.app[CLOCK]()
    link = await _good_link(request)
    if not await store.people.use_link(link.id):
        raise RefusedError(HTTPStatus.GONE, _DEAD)
    made = make_pass(Use.SESSION, link_secrets(request)[0])
    await store.people.add_session(Session(made.id, link.name, link.role, now, now, made.digest))
    request[PERSON] = Person(link.name, link.role, made.id, form_token(made.text))
    await note_change(request, Change.SIGNED_IN, link.id)
    response = see_other("/")
    give_cookie(request, response, made.text)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End the session. Whoever is named by a proxy signs out there."""
    session_id = request[PERSON].session_id
    if session_id is None:
        raise RefusedError(HTTPStatus.CONFLICT, "Your proxy signs you in, so it is there that you sign out.")
    await request.app[STORE].people.end_session(session_id)
    await note_change(request, Change.SIGNED_OUT)
    response = see_other("/sign-in")
    take_cookie(request, response)
    return response


async def _good_link(request: web.Request) -> SignInLink:
    store, secrets, text = request.app[STORE], link_secrets(request), request.match_info["link"]
    who = address_key(request.remote or "", secrets[0])
    if await store.sign_ins.are_too_many(who):
        await store.counters.add(SIGN_INS_REFUSED)
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY)
    named = pass_id(text)
    link = await store.people.find_link(named) if named else None
    if (
        link is None
        or not link.is_good(request.app[CLOCK]())
        or not has_digest(text, link.digest, Use.SIGN_IN, secrets)
    ):
        await store.sign_ins.note_refused(who)
        await store.counters.add(SIGN_INS_REFUSED)
        raise RefusedError(HTTPStatus.GONE, _DEAD)
    return link
