"""A whole mail in each language: what it is written in, how it is laid out, and that nothing is left in English."""

import re
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from dunning.addresses.mailbox import Mailbox
from dunning.brands.brand import Brand
from dunning.language.choose import ENGLISH_TAG, LANGUAGES, is_right_to_left
from dunning.language.sentences import ENGLISH, ISOLATES
from dunning.language.width import width
from tests.unit.mails import LINK, RENDERER, STOP_LINK, TEMPLATES, facts, html_of, sent, several, text_of
from worker.letters.compiled import SHIPPED
from worker.letters.render import Renderer
from worker.letters.words import LONGEST_SUBJECT

PAGE = SHIPPED.parents[2] / "webhooks" / "pages" / "page.html"
OTHERS = sorted(LANGUAGES - {ENGLISH_TAG})
# What stands in the first line of a mail's body, of an English one.
WORDS = re.compile(r"\b(?:the|payment|please|you|your|this|didn't|with)\b", re.IGNORECASE)
AMOUNTS = {"de": "1.200,50\u00a0€", "fr": "1\u202f200,50\u00a0€", "ja": "€1,200.50", "pt-BR": "€\u00a01.200,50"}


@pytest.mark.parametrize(("language", "template"), [*product(OTHERS, TEMPLATES)])
def test_a_mail_is_in_its_reader_s_language_from_subject_to_end(language: str, template: str) -> None:
    for said in (facts(template), several(template), replace(facts(template), product_names=(), mails_sent=0)):
        mail = RENDERER.render(replace(said, locale=language))
        subject, text, html = str(sent(mail)["Subject"]), text_of(mail), html_of(mail)

        assert mail["Content-Language"] == language
        assert f'lang="{language}"' in html
        assert f'dir="{"rtl" if is_right_to_left(language) else "ltr"}"' in html
        assert width("".join(char for char in subject if char not in ISOLATES)) <= LONGEST_SUBJECT
        assert LINK in text.splitlines()
        own = text.replace("Acme Support", "").replace("Acme Pro", "")
        assert not WORDS.search(re.sub(r"https?://\S+", "", own)), own
        assert not WORDS.search(subject)


@pytest.mark.parametrize(("language", "amount"), AMOUNTS.items())
def test_amounts_are_written_as_the_language_writes_them(language: str, amount: str) -> None:
    mail = RENDERER.render(replace(facts(), locale=language))

    assert amount in text_of(mail)
    assert amount in html_of(mail)


@pytest.mark.parametrize(
    ("locale", "written"),
    [("fr", "1er avril 2026"), ("fr-CA", "1er avril 2026"), ("pt-BR", "1º de abril de 2026"), ("pt", "1 de abril de")],
)
def test_the_first_of_a_month_is_written_as_the_language_does(locale: str, written: str) -> None:
    first = replace(facts(), locale=locale, billed_on=date(2026, 4, 1))
    eleventh = replace(first, billed_on=date(2026, 4, 11))

    assert re.search(rf"\s{written}", text_of(RENDERER.render(first)))
    assert not re.search(rf"\s{written}", text_of(RENDERER.render(eleventh)))


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de-AT", "de"), ("no", "nb"), ("zh-TW", "zh-Hant"), ("zh", "zh-Hans"), ("pt-AO", "pt"), ("fi", "en"), ("", "en")],
)
def test_the_customer_s_locale_decides_whatever_the_region(locale: str, language: str) -> None:
    assert RENDERER.render(replace(facts(), locale=locale))["Content-Language"] == language


def test_arabic_is_mirrored_and_keeps_apart_what_is_foreign() -> None:
    mail = RENDERER.render(replace(facts(), locale="ar"))

    assert "text-align:right" in html_of(mail)
    assert "direction:ltr" not in html_of(mail)
    assert "\u2068Acme Pro\u2069" in text_of(mail)
    assert "<bdi>\u2068Acme Pro\u2069</bdi>" in html_of(mail)
    assert "\u2068Acme Pro\u2069" in str(sent(mail)["Subject"])
    assert f": {STOP_LINK}\n" in text_of(RENDERER.render(replace(facts("reminder"), locale="ar")))


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize(
    ("support", "link"),
    [("https://acme.example/help", "https://acme.example/help"), ("a@b.example", "mailto:a@b.example")],
)
def test_the_way_to_a_human_is_a_link_in_either_direction(language: str, support: str, link: str) -> None:
    renderer = Renderer(None, Mailbox("Acme", "billing@acme.example"), None, redirect=None)

    mail = renderer.render(replace(facts(), locale=language, brand=Brand(support=support)))

    shown = support.removeprefix("https://")
    assert re.search(rf'<bdi>\u2068?<a href="{link}"[^>]*>{shown}</a>\u2069?</bdi>', html_of(mail))
    assert "&lt;" not in html_of(mail)
    assert support in text_of(mail)


def test_a_row_and_two_sentences_stand_beside_each_other_as_the_language_writes_them() -> None:
    said = {tag: text_of(RENDERER.render(replace(facts(), locale=tag))) for tag in ("en", "fr", "ja")}

    assert "\u00a0: Acme" in str(sent(RENDERER.render(replace(facts(), locale="fr")))["Subject"])
    assert "\nPayment method: Visa ending in 4242\n" in said["en"]
    assert "\nMoyen de paiement\u00a0: Visa" in said["fr"]
    assert "\nお支払い方法\uff1aVisa" in said["ja"]
    assert "didn't go through. The card" in said["en"]
    assert "\u3002カードの" in said["ja"]


@pytest.mark.parametrize("file", [*sorted(SHIPPED.iterdir()), PAGE], ids=lambda file: file.name)
def test_a_template_adds_no_word_and_no_punctuation_to_the_sentences(file: Path) -> None:
    said = re.sub(
        r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<mj-style>.*?</mj-style>", "", file.read_text("utf-8"), flags=re.DOTALL
    )

    assert re.sub(r"<[^>]*>", "", said).strip() == ""


def test_no_two_languages_say_the_same() -> None:
    said = {text_of(RENDERER.render(replace(facts(), locale=tag))) for tag in LANGUAGES}

    assert len(said) == len(LANGUAGES)
    assert any(ENGLISH.say("mail.payment_failed.message", {"product": "Acme Pro"}) in text for text in said)
