"""The few pages a customer may see, in their language. They say nothing about anybody."""

from collections.abc import Mapping
from enum import StrEnum

from aiohttp import hdrs, web

from dunning.language.choose import is_right_to_left
from dunning.language.own import Languages
from webhooks.looks import ENVIRONMENT, Look


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

    def __init__(self, languages: Languages, looks: Mapping[str, Look]) -> None:
        """Write the pages.

        Args:
            languages: what the pages say.
            looks: how they look, by the brands' keys; one has none.
        """
        self._languages, self._looks = languages, looks
        self._template = ENVIRONMENT.get_template("page.html")

    def headers(self, brand: str) -> Mapping[str, str]:
        """Return what stands on every answer beside a page of this brand."""
        return self._look(brand).headers

    def _look(self, brand: str) -> Look:
        """Return how the brand looks; one that isn't known any more as the one without a key."""
        return self._looks.get(brand) or self._looks[""]

    def answer(
        self,
        page: Page,
        language: str,
        brand: str = "",
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
            brand: the key of one of the seller's.
            status: the answer's.
            headers: those beside what every page has.
            stop_link: what stops the reminders of the payment, for `pay`; none is offered without.
            minutes: how long to wait, for `too_many`.
        """
        sentences, look = self._languages.sentences(language), self._look(brand)
        values = {"seller": look.seller, "minutes": str(minutes)}
        text = f"page.{page}.text"
        html = self._template.render(
            look.given,
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
            help=sentences.say("mail.common.support_link", {"support": look.support}, html=True),
            stop_link=stop_link,
        )
        return web.Response(
            text=html,
            content_type="text/html",
            status=status,
            headers={hdrs.CONTENT_LANGUAGE: language, **(headers or {})},
        )
