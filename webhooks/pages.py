"""The few pages a customer may see, in their language. They say nothing about anybody."""

import base64
from collections.abc import Collection
from enum import StrEnum
from hashlib import sha256
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from jinja2 import Environment, PackageLoader, StrictUndefined

from dunning.language.choose import is_right_to_left
from dunning.language.own import Languages


class Page(StrEnum):
    """A page, by the name of its sentences."""

    PAY = "pay"
    """The button."""
    PAY_AGAIN = "pay_again"
    """The button, for whoever used the link within the hour and may have paid."""
    PAID = "paid"
    CLOSED = "closed"
    """The case ended some other way, of which nothing is said: whether anything is owed may not be known."""
    UNKNOWN = "unknown"
    """No link of ours."""
    EXPIRED = "expired"
    TOO_MANY = "too_many"
    """Clicked too often."""
    AWAY = "away"
    """Paddle can't be asked now, and the same button may work later."""
    STOP = "stop"
    """The button that stops the reminders of a payment."""
    STOPPED = "stopped"
    """They are stopped."""
    BROKE = "broke"
    """It can't be done now, and that is our fault."""


class Pages:
    """The pages of one seller, and the headers that go with them."""

    def __init__(
        self, languages: Languages, *, seller: str, contact: str, login_url: str, portal_origins: Collection[str]
    ) -> None:
        """Write the pages.

        Args:
            languages: what the pages say.
            seller: whose page it is, as the customer knows them.
            contact: the address at which the seller can be asked.
            login_url: the seller's portal login page.
            portal_origins: where a click may lead.
        """
        environment = Environment(
            loader=PackageLoader("webhooks", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._languages, self._seller = languages, seller
        style = environment.get_template("style.css").render()
        given = {"seller": seller, "contact": quote(contact, safe="@"), "login_url": login_url, "style": style}
        self._template = environment.get_template("page.html", globals=given)
        # A hash instead of a nonce: the page is the same for everybody, and 'unsafe-inline' is never needed.
        style_hash = base64.b64encode(sha256(style.encode()).digest()).decode()
        # form-action governs the redirect after the POST too, so it has to name where a click leads.
        leads_to = " ".join(sorted({*portal_origins, _origin(login_url)}))
        self.headers = {
            hdrs.CACHE_CONTROL: "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{style_hash}'; form-action 'self' {leads_to}; "
                "frame-ancestors 'none'; base-uri 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex",
        }

    def answer(
        self,
        page: Page,
        language: str,
        status: int = 200,
        headers: dict[str, str] | None = None,
        *,
        stop_link: str = "",
        minutes: int = 0,
    ) -> web.Response:
        """Answer with a page.

        Args:
            page: which.
            language: one of ours.
            status: the answer's.
            headers: those beside what every page has.
            stop_link: what stops the reminders of the payment, for `pay`; none is offered without.
            minutes: how long to wait, for `too_many`.
        """
        sentences = self._languages.sentences(language)
        values = {"seller": self._seller, "minutes": str(minutes)}
        text = f"page.{page}.text"
        html = self._template.render(
            page=page,
            language=language,
            direction="rtl" if is_right_to_left(language) else "ltr",
            title=sentences.say(f"page.{page}.title", values),
            text=sentences.say_counted(text, minutes, values, html=True)
            if minutes
            else sentences.say(text, values, html=True),
            has=lambda what: f"page.{page}.{what}" in sentences.keys,
            say=lambda what: sentences.say(f"page.{page}.{what}", values, html=True),
            common=lambda what: sentences.say(f"page.common.{what}", values, html=True),
            stop_link=stop_link,
        )
        return web.Response(
            text=html,
            content_type="text/html",
            status=status,
            headers={hdrs.CONTENT_LANGUAGE: language, **(headers or {})},
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
