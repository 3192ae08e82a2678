"""Writes pages."""

from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from aiohttp import hdrs, web
from jinja2 import Environment, PackageLoader, StrictUndefined

from console.screen.page import NAVIGATION
from console.screen.person import PERSON
from dunning.casebook.late import in_words
from dunning.casebook.step_rows import last_done, next_to_come

# No script at all, nothing of another origin, in nobody's frame, and forms that lead nowhere else.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
# The same, but for the styles of a mail that is shown: its frame is a sandbox, in which nothing runs.
MAIL_SECURITY_POLICY = CONTENT_SECURITY_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


@cache
def style_path() -> str:
    """Return where the style sheet is. One that changed has another address, so a browser may keep each."""
    return f"/assets/screen-{sha256(_style().encode()).hexdigest()[:12]}.css"


@cache
def _style() -> str:
    return files(__package__).joinpath("assets", "screen.css").read_text(encoding="utf-8")


def _words(word: str) -> str:
    return word.replace("_", " ")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": _moment,
        "words": _words,
        "lateness": in_words,
        "last_done": last_done,
        "next_to_come": next_to_come,
    }
    return environment


def render(
    request: web.Request,
    template: str,
    *,
    title: str,
    status: HTTPStatus = HTTPStatus.OK,
    **values: Any,  # noqa: ANN401 - each template has its own
) -> web.Response:
    """Answer with a page.

    Args:
        request: what is answered; who is signed in stands in the header.
        template: the file in `templates/`; it extends `base.html`.
        title: of the page.
        status: of the answer.
        values: what else the template shows.
    """
    html = (
        _templates()
        .get_template(template)
        .render(
            title=title,
            person=request.get(PERSON),
            navigation=request.app[NAVIGATION],
            here=request.path,
            style=style_path(),
            **values,
        )
    )
    return web.Response(
        text=html,
        content_type="text/html",
        status=status,
        # With `no-referrer`, browsers would not say from which origin a form of ours comes.
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "same-origin"},
    )


def see_other(path: str) -> web.Response:
    """Lead on to a page of ours after a POST, so that a reload changes nothing."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: path})


async def show_style(request: web.Request) -> web.Response:
    """Answer with the style sheet."""
    del request
    return web.Response(
        text=_style(),
        content_type="text/css",
        headers={hdrs.CACHE_CONTROL: "private, max-age=31536000, immutable"},
    )
