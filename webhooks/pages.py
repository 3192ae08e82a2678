"""The few pages a customer may see, in their language. They say nothing about anybody."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from aiohttp import hdrs, web

from dunning.errors import ConfigurationError
from dunning.language.choose import ENGLISH_TAG, is_right_to_left
from dunning.language.own import Languages
from dunning.template_slips import slip
from webhooks.looks import OWN_PAGES, TEMPLATE, Look, environment_of

# A page that leads on holds one, since the customer's click is its submission.
_FORM = re.compile(r"""<form\b[^>]*\bmethod=["']?post\b.*<button\b""", re.IGNORECASE | re.DOTALL)


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


# On these it helps to know what banks print.
_ABOUT_PAYING = frozenset({Page.PAY, Page.PAY_AGAIN, Page.PAID})


class Pages:
    """The pages of one seller, and the headers that go with them."""

    def __init__(self, languages: Languages, looks: Mapping[str, Look], templates: Path | None = None) -> None:
        """Write the pages.

        Args:
            languages: what the pages say.
            looks: how they look, by the brands' keys; one has none.
            templates: the seller's folder of templates.

        Raises:
            ConfigurationError: the seller's own page is broken; told with file and line.
        """
        self._languages, self._looks = languages, looks
        try:
            self._template = environment_of(templates).get_template(TEMPLATE)
            written = [(page, self._write(page, ENGLISH_TAG, "", stop_link="/", minutes=0)) for page in Page]
        except Exception as error:
            if templates is None:
                raise
            raise ConfigurationError([slip(error, templates / OWN_PAGES / TEMPLATE)]) from None
        missing = [page for page, html in written if self._has_button(page) and not _FORM.search(html)]
        if missing and templates is not None:
            what = f'has no <form method="post"> with a button on {", ".join(missing)}'
            raise ConfigurationError([f"{templates / OWN_PAGES / TEMPLATE}: it {what}"])

    def _has_button(self, page: Page) -> bool:
        return f"page.{page}.button" in self._languages.sentences(ENGLISH_TAG).keys

    def headers(self, brand: str) -> Mapping[str, str]:
        """Return what stands on every answer beside a page of this brand."""
        return self._look(brand).headers

    def _look(self, brand: str) -> Look:
        """Return how the brand looks. One that isn't known any more looks like the one without a key."""
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
        return web.Response(
            text=self._write(page, language, brand, stop_link=stop_link, minutes=minutes),
            content_type="text/html",
            status=status,
            headers={hdrs.CONTENT_LANGUAGE: language, **(headers or {})},
        )

    def _write(self, page: Page, language: str, brand: str, *, stop_link: str, minutes: int) -> str:
        sentences, look = self._languages.sentences(language), self._look(brand)
        values = {"seller": look.seller, "minutes": str(minutes)}
        text, title = f"page.{page}.text", sentences.say(f"page.{page}.title", values)
        return self._template.render(
            look.given,
            page=page,
            language=language,
            direction="rtl" if is_right_to_left(language) else "ltr",
            title=title,
            tab=sentences.say("page.common.tab", {**values, "title": title}),
            text=sentences.say_counted(text, minutes, values, html=True)
            if minutes
            else sentences.say(text, values, html=True),
            has=lambda what: f"page.{page}.{what}" in sentences.keys,
            say=lambda what: sentences.say(f"page.{page}.{what}", values, html=True),
            common=lambda what: sentences.say(f"page.common.{what}", values, html=True),
            statement=sentences.say(
                "mail.common.statement", {**values, "statement_descriptor": look.statement_descriptor}, html=True
            )
            if page in _ABOUT_PAYING
            else "",
            help=sentences.say("mail.common.support_link", {"support": look.support}, html=True),
            stop_link=stop_link,
        )
