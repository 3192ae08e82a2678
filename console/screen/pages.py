"""Every page there is for who is signed in, each told once: for the routes, for who may, and for the navigation."""

from console.screen import overview, signing_in
from console.screen.page import Page

PAGES = (
    Page(path="/", handler=overview.show, in_header="Overview"),
    Page(method="POST", path="/sign-out", handler=signing_in.sign_out),
)
