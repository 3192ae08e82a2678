"""A mail that goes to `DUNNING_MAIL_REDIRECT` says whom it was for, in a header and at its top."""

from dataclasses import replace
from pathlib import Path

import pytest

from dunning.addresses.mailbox import Mailbox
from dunning.errors import PermanentError
from tests.unit.mails import LINK, RENDERER, TEMPLATES, facts, html_of, sent, text_of
from worker.letters.redirected import above_html
from worker.letters.render import Renderer

SENTENCE = "Redirected: this email is for eve@customer.example."


def redirecting(templates: Path | None = None) -> Renderer:
    return Renderer(templates, Mailbox("Acme", "billing@acme.example"), None, "dev@acme.example")


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_redirected_mail_says_whom_it_was_for(template: str) -> None:
    mail = redirecting().render(facts(template))

    assert sent(mail)["X-Original-To"] == "eve@customer.example"
    assert text_of(mail).startswith(f"{SENTENCE}\n\nHello")
    assert LINK in text_of(mail).split("\n")
    _, _, body = html_of(mail).partition("<body")
    _, _, first = body.partition(">")
    assert first.startswith("<p ")
    assert first.partition(">")[2].startswith(f"{SENTENCE}</p>")


def test_the_english_sentence_runs_from_left_to_right_above_an_arabic_mail() -> None:
    mail = html_of(redirecting().render(replace(facts(), locale="ar")))

    _, _, body = mail.partition("<body")
    assert 'dir="rtl"' in body
    assert body.partition(">")[2].startswith('<p lang="en" dir="ltr" ')


def test_a_redirected_mail_is_the_customers_but_for_that() -> None:
    redirected = redirecting().render(facts())
    direct = Renderer(None, Mailbox("Acme", "billing@acme.example"), None, None).render(facts())

    assert text_of(redirected) == f"{SENTENCE}\n\n{text_of(direct)}"
    assert set(sent(redirected).keys()) - set(sent(direct).keys()) == {"X-Original-To"}
    assert redirected["Subject"] == direct["Subject"]


def test_a_mail_that_is_not_redirected_says_nothing_of_it() -> None:
    mail = RENDERER.render(facts())

    assert mail["X-Original-To"] is None
    assert "Redirected" not in text_of(mail) + html_of(mail)


def test_mails_of_the_sellers_own_templates_say_it_too(tmp_path: Path) -> None:
    (tmp_path / "payment_failed.txt").write_text("{{ link }}\n")
    (tmp_path / "payment_failed.html").write_text('<a href="{{ link }}">Pay</a>')

    mail = redirecting(tmp_path).render(facts())

    assert text_of(mail) == f"{SENTENCE}\n\n{LINK}\n"
    assert html_of(mail).startswith("<p ")
    assert f">{SENTENCE}</p><a href=" in html_of(mail)


@pytest.mark.parametrize(
    ("html", "before"),
    [
        ("<body>Hi", "<body>"),
        ("<html><BODY class=a\n id=b>Hi", "<html><BODY class=a\n id=b>"),
        ("<body data-a=\"1>2\" data-b='3>4'>Hi", "<body data-a=\"1>2\" data-b='3>4'>"),
        ("<bodyguard>Hi", ""),
        ("Hi", ""),
    ],
)
def test_the_sentence_is_the_first_thing_in_the_body(html: str, before: str) -> None:
    assert above_html(html, "eve@customer.example").startswith(f"{before}<p ")
    assert above_html(html, "eve@customer.example").endswith("Hi")


def test_an_address_is_no_markup_and_no_second_header() -> None:
    mail = redirecting().render(replace(facts(), recipient="a&b'c@FA\u00df.example"))

    assert sent(mail)["X-Original-To"] == "a&b'c@xn--fa-hia.example"
    assert "for a&b'c@xn--fa-hia.example." in text_of(mail)
    assert "for a&amp;b&#x27;c@xn--fa-hia.example." in html_of(mail)


def test_a_long_address_is_told_whole() -> None:
    address = f"{'x' * 60}@{'.'.join(['y' * 60] * 3)}.example"

    assert sent(redirecting().render(replace(facts(), recipient=address)))["X-Original-To"] == address


@pytest.mark.parametrize("recipient", ["", "nobody", "a@c.example\r\nBcc: all@example.com"])
def test_a_customer_who_could_not_be_mailed_is_not_mailed_by_a_redirect_either(recipient: str) -> None:
    with pytest.raises(PermanentError):
        redirecting().render(replace(facts(), recipient=recipient))
