"""The screen's routes: who is signed in, whether they may, and whether it was they who sent a form."""

from http import HTTPStatus

from aiohttp import web

from console.screen import signing_in
from console.screen.forms import FORM, check_form_token, check_origin, read_form
from console.screen.page import NAVIGATION, Handler, Page
from console.screen.pages import PAGES
from console.screen.person import PERSON, find_person
from console.screen.refusals import RefusedError
from console.screen.render import show_style, style_path


def add_screen(app: web.Application) -> None:
    """Add every page."""
    app[NAVIGATION] = tuple(page for page in PAGES if page.in_header)
    app.router.add_get(style_path(), show_style)
    app.router.add_get("/sign-in", signing_in.ask)
    app.router.add_get("/sign-in/{link}", signing_in.show)
    app.router.add_post("/sign-in/{link}", signing_in.sign_in)
    for page in PAGES:
        app.router.add_route(page.method, page.path, _handler(page))


def _handler(page: Page) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        person = await find_person(request)
        if person is None:
            return signing_in.how_to_sign_in(request, HTTPStatus.UNAUTHORIZED)
        request[PERSON] = person
        if request.method == "POST":
            check_origin(request)
            form = await read_form(request)
            check_form_token(form, person)
            request[FORM] = form
        if not person.role.covers(page.role):
            raise RefusedError(HTTPStatus.FORBIDDEN, f"That is for operators, and you are a {person.role}.")
        return await page.handler(request)

    return handle
