"""What strangers type into a checkout can't break a mail."""

from dataclasses import replace
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mails import LINK, RENDERER, facts, html_of, sent, text_of


def test_a_customers_name_cannot_add_headers_or_markup() -> None:
    mail = RENDERER.render(replace(facts(), customer_name="Eve\r\nBcc: all@example.com <script>alert(1)</script>"))

    assert sent(mail)["Bcc"] is None
    assert b"\r\nBcc:" not in mail.as_bytes()
    assert "<script" not in html_of(mail)
    assert text_of(mail).startswith("Hello Eve Bcc: all@example.com <script>alert(1)</script>,\n\n")


def test_a_name_that_advertises_is_left_out() -> None:
    mail = RENDERER.render(replace(facts(), customer_name="You won! https://evil.example/x"))

    assert "evil.example" not in text_of(mail) + html_of(mail)
    assert text_of(mail).startswith("Hello,\n")


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{{ link }}{% raw %}", "{{ link }}{% raw %}"),
        ("Pro\r\nBcc: all@example.com\r\n\r\nbody", "Pro Bcc: all@example.com body"),
        ("Rocket 🚀 Plan 👩‍💻", "Rocket 🚀 Plan 👩‍💻"),
        ("اشتراك برو", "اشتراك برو"),
        ("Pro\u202egpj.exe\u2066", "Progpj.exe"),
        ("half \ud83d of an emoji", "half of an emoji"),
        ("line\u2028separator\x00nul\x1b[31m", "line separator nul [31m"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
def test_a_product_name_is_shown_as_text_on_one_line(given_name: str, shown: str) -> None:
    mail = RENDERER.render(replace(facts(), product_names=(given_name,)))

    assert f" for {shown} with your card" in text_of(mail)
    assert f"<bdi>{escape(shown)}</bdi>" in html_of(mail).replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    assert shown[:60] in str(sent(mail)["Subject"])
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
