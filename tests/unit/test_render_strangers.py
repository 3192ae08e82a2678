"""What strangers type into a checkout can't break a mail."""

import re
from dataclasses import replace
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.language.strangers import greeting_name
from tests.unit.mails import LINK, RENDERER, facts, html_of, sent, text_of


def test_a_customers_name_cannot_add_headers_or_markup() -> None:
    mail = RENDERER.render(replace(facts(), customer_name="Eve\r\nBcc: all@example.com <script>alert(1)</script>"))

    assert sent(mail)["Bcc"] is None
    assert b"\r\nBcc:" not in mail.as_bytes()
    assert "<script" not in html_of(mail)
    assert text_of(mail).startswith("Hello,\n\n")  # with an address in it, it is no name to greet by


def test_a_products_name_cannot_smuggle_a_line_break_into_the_subject_as_an_encoded_word() -> None:
    name = "Pro =?utf-8?q?=0d=0aReply-To:_evil@evil.example=0d=0a=0d=0aOwned?="

    mail = RENDERER.render(replace(facts(), product_names=(name,)))

    assert b"\nReply-To: evil" not in mail.as_bytes()
    assert "\n" not in str(sent(mail)["Subject"])
    assert b"\r\n\r\nOwned" not in mail.as_bytes()


@pytest.mark.parametrize("name", ["Win at evil.com/claim", "evil.com", "a@evil.example", "www.evil.example"])
def test_a_name_that_a_mail_program_would_make_a_link_is_left_out(name: str) -> None:
    mail = RENDERER.render(replace(facts(), customer_name=name))

    assert "evil" not in text_of(mail)


@pytest.mark.parametrize(
    "name",
    [
        "evil\uff0ecom",  # full width
        "\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d",
        "evil\u2024com",  # one dot leader
        "evil\ufe52com",  # small full stop
        "evil\u3002com",  # ideographic, which browsers take for a dot
        "evil\uff61com",
        "evil\ua4f8com",  # of the Lisu script
        "a\uff20evil",
        "a\ufe6bevil",
        "evil\uff0fclaim",
        "evil\u2044claim",
        "evil\u2215claim",
        "evil.\u200bcom",  # with something between that can't be seen
        "evil\u200d.\u200dcom",
        "evil\u2060.\ufeffcom",
        "evil.\u00adcom",
        "evil.\u202ecom",
        "evil\ufe0f.\ufe0fcom",
        "evil.\u034fcom",
        "evil.\U000e0041com",
        "\u200c".join("evil.com"),
        "evil.c\u20ddom",
    ],
)
def test_an_address_is_seen_in_whatever_letters_it_is_written(name: str) -> None:
    assert greeting_name(name) == ""
    assert greeting_name(f"You won! {name}") == ""


@pytest.mark.parametrize(
    "name",
    [
        "Ma\u0301ria Kova\u0301cs",  # accents of their own
        "\uff21\uff44\uff41",  # full width, as typed
        "\u0645\u0647\u200c\u0646\u0627\u0632",  # Persian, with a non-joiner
        "\u0936\u0930\u094d\u200d\u092e\u093e",  # Hindi, with a joiner
        "Ada \U0001f469\u200d\U0001f4bb",  # one emoji of two
        "Gal\u00b7la Puig",  # Catalan
        "\ufb01nn",  # a ligature
        "No\u00ebl J.",
    ],
)
def test_a_name_is_shown_as_its_owner_wrote_it(name: str) -> None:
    assert greeting_name(name) == name


def test_format_characters_without_use_in_a_name_are_left_out() -> None:
    assert greeting_name("E\u200bv\u2060e\ufeff\u00ad\U000e0041\u202e") == "Eve"


@pytest.mark.parametrize("name", ["J. R. Hartley", "Dr. Ada", "Åsa-Lena O'Neill", "李小龍", "St.John"])
def test_a_name_with_a_dot_or_an_accent_is_a_name(name: str) -> None:
    assert greeting_name(name) == ("" if name == "St.John" else name)


def test_a_name_that_advertises_is_left_out() -> None:
    mail = RENDERER.render(replace(facts(), customer_name="You won! https://evil.example/x"))

    assert "evil.example" not in text_of(mail) + html_of(mail)
    assert text_of(mail).startswith("Hello,\n")


def test_a_name_that_is_read_in_the_other_direction_stays_apart_where_its_tag_is_dropped() -> None:
    name = "اشتراك برو"

    mail = RENDERER.render(replace(facts(), product_names=(name,)))

    assert f"The payment for <bdi>\u2068{name}\u2069</bdi> didn" in html_of(mail)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{{ link }}{% raw %}", "{{ link }}{% raw %}"),
        ("Pro\r\nBcc: all@example.com\r\n\r\nbody", "Pro Bcc: all@example.com body"),
        ("Rocket 🚀 Plan 👩‍💻", "Rocket 🚀 Plan 👩‍💻"),
        ("اشتراك برو", "اشتراك برو"),  # kept apart, since it is read in the other direction
        ("Pro\u202egpj.exe\u2066", "Progpj.exe"),
        ("half \ud83d of an emoji", "half of an emoji"),
        ("line\u2028separator\x00nul\x1b[31m", "line separator nul [31m"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
def test_a_product_name_is_shown_as_text_on_one_line(given_name: str, shown: str) -> None:
    mail = RENDERER.render(replace(facts(), product_names=(given_name,)))

    assert f"The payment for {shown} didn't go through." in re.sub("[\u2068\u2069]", "", text_of(mail))
    html = html_of(mail).replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    assert f"<bdi>{escape(shown)}</bdi>" in re.sub("[\u2068\u2069]", "", html)
    assert shown[:12] in str(sent(mail)["Subject"])
    assert len(str(sent(mail)["Subject"])) <= 45
    assert sent(mail)["Bcc"] is None
    assert len(sent(mail).keys()) == len(RENDERER.render(facts()).keys())


@given(
    name=st.none() | st.text(max_size=80),
    products=st.lists(st.text(max_size=40), max_size=3),
    locale=st.text(max_size=8),
    currency=st.text(max_size=4),
)
def test_nothing_a_stranger_can_type_breaks_a_mail(
    name: str | None, products: list[str], locale: str, currency: str
) -> None:
    mail = RENDERER.render(
        replace(
            facts("final_notice"),
            customer_name=name,
            product_names=tuple(products),
            locale=locale,
            currency_code=currency,
        )
    )

    assert LINK in text_of(mail).split("\n")
    assert list(sent(mail).keys()) == list(RENDERER.render(facts()).keys())
