"""The HTML of a mail: complete, and asking nobody for anything."""

import re
from html import escape
from html.parser import HTMLParser

import pytest

from dunning.language.sentences import ENGLISH
from tests.unit.mails import LINK, OTHER_LINK, OTHER_STOP_LINK, RENDERER, STOP_LINK, TEMPLATES, facts, html_of, several
from worker.letters.compiled import SHIPPED
from worker.letters.values import MailFacts
from worker.letters.words import MailWords


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mail_fetches_nothing_and_links_nowhere_else(template: str) -> None:
    html = html_of(RENDERER.render(several(template)))

    links = {LINK, OTHER_LINK} if template == "payment_failed" else {LINK, OTHER_LINK, STOP_LINK, OTHER_STOP_LINK}
    assert set(re.findall(r'href="([^"]*)"', html)) == set(map(escape, links))
    assert not re.search(r"<(img|link|script|iframe|form)\b|@import|url\(|@font-face|background=", html)
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) <= {
        "http://www.w3.org/1999/xhtml",
        *map(escape, links),
    }


def test_a_mail_says_that_it_can_be_read_in_the_dark() -> None:
    html = html_of(RENDERER.render(facts()))

    assert '<meta name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize(
    ("said", "links"), [(facts(), [LINK]), (several(), [LINK, OTHER_LINK])], ids=["one", "several"]
)
def test_compiling_keeps_every_text_and_link_of_the_source(said: MailFacts, links: list[str]) -> None:
    source = (SHIPPED / "_layout.mjml").read_text("utf-8")
    given = RENDERER._values(said, "en")
    words = MailWords(ENGLISH, said.template, given, html=True)
    values = {**given, "words": words, "title": "Pay", "preheader": "Please"}

    wanted = Words()
    wanted.feed(RENDERER._templates.of_all.environment.from_string(source).render(values))
    found = Words()
    found.feed(html_of(RENDERER.render(said)))

    assert len(wanted.words) > 15
    assert [word for word in wanted.words if word not in {*found.words, "Pay", "Please"}] == []
    assert wanted.links == found.links == links * 2


class Words(HTMLParser):
    """The texts and links of a document, styles aside."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag in {"style", "mj-style"}
        self.links.extend(value for name, value in attrs if name == "href" and value)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag not in {"style", "mj-style"}

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._in_style:
            self.words.append(" ".join(data.split()))
