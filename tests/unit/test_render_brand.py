"""As whom a mail speaks: what a brand changes, and what is left out where it says nothing."""

import re
from dataclasses import replace
from html import escape
from typing import Any

import pytest

from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brand
from dunning.brands.colours import scheme_of
from dunning.language.sentences import Sentences
from tests.unit.mails import RENDERER, TEMPLATES, facts, html_of, sent, text_of
from worker.letters.render import Renderer
from worker.letters.words import MailWords

FULL = Brand(
    name="Acme & Söhne",
    logo="https://cdn.acme.example/logo.png?v=1&w=2",
    colour="#0b1f4b",
    website="https://acme.example",
    support="https://acme.example/help",
    address="Acme GmbH\n1 High Street <2nd floor>",
    sign_offs={"": "Ana from Acme", "de": "Ana von Acme"},
    statement_descriptor="PADDLE.NET* ACME",
    sender=Mailbox("Acme Pro", "pro@pro.example"),
)
NOBODY_READS = Renderer(None, Mailbox("Acme, Inc.", "billing@acme.example"), None, None)


def written(brand: Brand, template: str = "reminder", renderer: Renderer = NOBODY_READS) -> tuple[str, str]:
    mail = renderer.render(replace(facts(template), brand=brand))
    return text_of(mail), html_of(mail)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_parts_say_who_signs_where_to_ask_and_what_banks_print(template: str) -> None:
    for part in (written(FULL, template)[0], plain(written(FULL, template)[1])):
        said = " ".join(part.split())
        assert "Ana from Acme" in said
        assert "Questions? You can reach us here: " in said
        assert escape("payments to Acme & Söhne show as PADDLE.NET* ACME.") in escape(said.replace("&amp;", "&"))
        assert "Acme GmbH" in said


def test_the_text_ends_with_the_address_and_the_website_on_lines_of_their_own() -> None:
    text, _ = written(FULL)

    assert text.endswith("\n\nAcme GmbH\n1 High Street <2nd floor>\nhttps://acme.example\n")
    assert "\n\nKind regards,\nAna from Acme\n\n" in text
    assert "You can reach us here: https://acme.example/help\n" in text


def test_the_logo_stands_for_the_name_and_leads_to_the_website() -> None:
    _, html = written(FULL)

    logo = re.search(r'<a href="https://acme.example"[^>]*>(<img[^>]*>)</a>', html)

    assert logo is not None
    assert 'alt="Acme &amp; Söhne"' in logo[1]
    assert f'src="{escape(FULL.logo)}"' in logo[1]


def test_without_a_logo_the_name_is_written() -> None:
    _, html = written(replace(FULL, logo=""))

    assert "<img" not in html
    assert '<a href="https://acme.example"' in html
    assert "<bdi>Acme &amp; Söhne</bdi>" in html


def test_the_colours_are_those_made_of_the_brand_s() -> None:
    _, html = written(FULL)
    scheme = scheme_of("#0b1f4b")

    for colours in (scheme.light, scheme.dark):
        for colour in (colours.button, colours.button_ink, colours.button_edge, colours.card):
            assert colour in html


@pytest.mark.parametrize(
    ("brand", "default_reply_to", "said"),
    [
        (Brand(), "help@acme.example", "Just reply to this email."),
        (Brand(reply_to=Mailbox(None, "ana@acme.example")), None, "Just reply to this email."),
        (Brand(support="help@acme.example"), None, "Please write to help@acme.example."),
        (Brand(support="https://acme.example/help"), None, "You can reach us here: "),
        (Brand(support="https://acme.example/help"), "help@acme.example", "Just reply to this email."),
    ],
)
def test_there_is_one_way_to_a_human(brand: Brand, default_reply_to: str | None, said: str) -> None:
    reply_to = Mailbox(None, default_reply_to) if default_reply_to else None
    renderer = Renderer(None, Mailbox("Acme", "billing@acme.example"), reply_to, None)

    for part in written(brand, renderer=renderer):
        assert plain(part).count("Questions? ") == 1
        assert said.lower() in plain(part).lower()


def test_without_any_way_to_a_human_none_is_said() -> None:
    for part in written(Brand()):
        assert "Questions?" not in part


@pytest.mark.parametrize(
    ("support", "link"),
    [("help@acme.example", "mailto:help@acme.example"), ("https://acme.example/help", "https://acme.example/help")],
)
def test_the_support_is_a_link(support: str, link: str) -> None:
    shown = support.removeprefix("https://")

    assert f'<bdi><a href="{link}" style="color:inherit">{shown}</a></bdi>' in written(Brand(support=support))[1]


def test_the_mail_comes_from_the_brand_and_is_answered_there() -> None:
    mail = sent(RENDERER.render(replace(facts(), brand=replace(FULL, reply_to=Mailbox(None, "ana@pro.example")))))

    assert str(mail["From"]) == "Acme Pro <pro@pro.example>"
    assert str(mail["Reply-To"]) == "ana@pro.example"
    assert str(mail["Message-ID"]) == "<txn_01hv8x5b1s2a3b4c5d6e7f8g9h.first@pro.example>"


def test_what_a_brand_leaves_out_is_as_the_settings_have_it() -> None:
    mail = sent(RENDERER.render(replace(facts(), brand=Brand(name="Acme Pro"))))

    assert str(mail["From"]) == '"Acme, Inc." <billing@acme.example>'
    assert str(mail["Reply-To"]) == "Help <help@acme.example>"
    assert "a payment to Acme Pro is unpaid" in text_of(mail)


@pytest.mark.parametrize(
    "less", [{"address": ""}, {"website": ""}, {"address": "", "website": ""}, {"statement_descriptor": ""}]
)
def test_what_is_not_given_leaves_no_gap(less: dict[str, Any]) -> None:
    text, html = written(replace(FULL, **less))

    for part in (text, html):
        assert "None" not in part
    assert not text.endswith("\n\n")
    assert "\n\n\n" not in text
    assert ("show as" in text) is ("statement_descriptor" not in less)
    assert "<br /></p>" not in html


def test_who_signs_may_differ_by_language() -> None:
    german = RENDERER.render(replace(facts(), brand=FULL, locale="de"))

    assert "\n\nFreundliche Grüße\nAna von Acme\n\n" in text_of(german)
    assert "Ana von Acme" in html_of(german)


def test_who_signs_is_the_seller_where_nobody_is_named() -> None:
    assert "\n\nKind regards,\nAcme, Inc.\n\n" in written(Brand())[0]


def test_no_mark_of_direction_touches_a_link_that_programs_find_in_the_text() -> None:
    said = {"mail": {"common": {"support_link": "أسئلة؟ يمكنك التواصل معنا هنا: {support}"}}}
    given = NOBODY_READS._values(replace(facts(), brand=FULL), "en")

    words = MailWords(Sentences(said, "ar"), "reminder", given, html=False)

    assert words.questions.endswith(": https://acme.example/help")
