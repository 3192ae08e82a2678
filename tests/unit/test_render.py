"""What a mail says and how it is put together, up to its bytes."""

import re
from dataclasses import replace
from datetime import date
from html import escape, unescape

import pytest

from dunning.addresses.mailbox import Mailbox
from dunning.errors import PermanentError
from dunning.rules.declines import Reason
from tests.unit.mails import LINK, RENDERER, TEMPLATES, facts, html_of, sent, text_of
from worker.letters.render import Renderer


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_parts_hold_amount_product_card_name_and_link(template: str) -> None:
    mail = RENDERER.render(facts(template))

    for shown in ("€1,200.50", "Acme Pro", "4242", "Eve Müller", "The card has expired.", "Acme, Inc."):
        assert shown in text_of(mail)
        assert shown in unescape(html_of(mail))
    assert LINK in text_of(mail).split("\n")
    assert f'href="{escape(LINK)}"' in html_of(mail)


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_parts_say_that_paying_collects_at_once_and_why_the_mail_came(template: str) -> None:
    mail = RENDERER.render(facts(template))

    for written in (text_of(mail), unescape(html_of(mail))):
        assert "When you pay, €1,200.50 is charged right away." in unbidi(written)
        assert "You're getting this email because a payment to Acme, Inc. is unpaid." in unbidi(written)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_link_can_be_read_in_the_raw_mail(template: str) -> None:
    assert f"\r\n{LINK}\r\n".encode() in RENDERER.render(facts(template)).as_bytes()


def test_a_link_too_long_for_a_line_of_mail_survives_on_one_line() -> None:
    link = f"https://billing.acme.example/pay/{'x=.-' * 500}"

    mail = RENDERER.render(replace(facts(), link=link))

    assert link in text_of(mail).split("\n")
    assert f'href="{link}"' in html_of(mail)
    assert max(len(line) for line in mail.as_bytes().split(b"\r\n")) <= 998


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_not_known_leaves_no_gap(template: str) -> None:
    mail = RENDERER.render(
        replace(facts(template), customer_name=None, method=None, card_brand=None, card_last4=None, product_names=())
    )

    assert text_of(mail).startswith("Hello,\n")
    for written in (text_of(mail), html_of(mail), str(mail["Subject"])):
        assert "None" not in written
        assert "  " not in re.sub(r"\n\s*", "\n", re.sub(r"<style.*?</style>|<!--.*?-->", "", written, flags=re.DOTALL))
        assert "ending in" not in written


def test_the_headers_are_those_of_an_automatic_mail() -> None:
    mail = sent(RENDERER.render(facts()))

    assert {name: str(value) for name, value in mail.items() if name not in {"Content-Type", "MIME-Version"}} == {
        "From": '"Acme, Inc." <billing@acme.example>',
        "To": "eve@customer.example",
        "Reply-To": "Help <help@acme.example>",
        "Subject": "Payment didn't go through: Acme Pro",
        "Date": "Sun, 22 Nov 2026 08:30:00 +0000",
        "Message-ID": "<txn_01hv8x5b1s2a3b4c5d6e7f8g9h.first@acme.example>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Content-Language": "en",
    }


def test_without_a_reply_address_the_mail_does_not_invite_replies() -> None:
    mail = Renderer(None, Mailbox(None, "billing@acme.example"), None, None).render(facts())

    assert mail["Reply-To"] is None
    assert mail["From"] == "billing@acme.example"
    assert "just reply" not in text_of(mail) + html_of(mail)
    assert "acme.example" in text_of(mail)


def test_a_redirect_takes_every_mail() -> None:
    renderer = Renderer(None, Mailbox(None, "billing@acme.example"), None, "dev@acme.example")

    assert renderer.render(facts())["To"] == "dev@acme.example"
    assert renderer.recipient(facts()) == "dev@acme.example"


@pytest.mark.parametrize("recipient", ["", "nobody", "a b@c.example", "a@c.example\r\nBcc: all@example.com"])
def test_an_address_that_cannot_be_mailed_is_a_permanent_error_that_does_not_tell_it(recipient: str) -> None:
    with pytest.raises(PermanentError) as raised:
        RENDERER.render(replace(facts(), recipient=recipient))

    assert "txn_01hv8x5b1s2a3b4c5d6e7f8g9h" in str(raised.value)
    assert "example" not in str(raised.value)


@pytest.mark.parametrize("template", TEMPLATES[1:])
def test_a_certain_end_is_named(template: str) -> None:
    mail = RENDERER.render(replace(facts(template), ends_on=date(2026, 12, 22)))

    assert "stops on December 22, 2026" in text_of(mail)
    assert "stops on <bdi>December 22, 2026</bdi>" in html_of(mail)


def test_the_end_is_written_as_english_speakers_of_the_customers_country_do() -> None:
    mail = RENDERER.render(replace(facts("final_notice"), locale="en-GB", ends_on=date(2026, 12, 22)))

    assert "stops on 22 December 2026" in text_of(mail)


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_uncertain_end_is_neither_named_nor_promised(template: str) -> None:
    mail = RENDERER.render(facts(template))

    for written in (text_of(mail), html_of(mail)):
        assert "stops" not in written
        assert "20" + "26" not in written


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("reason", list(Reason))
def test_no_mail_speaks_of_fraud(template: str, reason: Reason) -> None:
    mail = RENDERER.render(replace(facts(template), reason=reason))

    assert not re.search("fraud|stolen|suspicious", text_of(mail) + html_of(mail), re.IGNORECASE)


def test_every_reason_has_words_of_its_own_and_an_unknown_one_general_words() -> None:
    texts = {reason: text_of(RENDERER.render(replace(facts(), reason=reason))) for reason in Reason}

    assert len(set(texts.values())) == len(Reason)
    assert text_of(RENDERER.render(replace(facts(), reason="brand_new"))) == texts[Reason.GENERIC]


def test_several_products_are_listed() -> None:
    mail = RENDERER.render(replace(facts(), locale="en-GB", product_names=("One", "Two", "Three")))

    assert "for One, Two and Three" in text_of(mail)


def test_amounts_without_decimals_and_unknown_locales_are_written() -> None:
    mail = RENDERER.render(replace(facts(), amount=1200, currency_code="JPY", locale="tlh-Qonos"))

    assert "Amount: ¥1,200\n" in text_of(mail)
    assert ">Pay ¥1,200</a>" in html_of(mail)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_facts_give_the_same_bytes(template: str) -> None:
    again = Renderer(
        None, Mailbox("Acme, Inc.", "billing@acme.example"), Mailbox("Help", "help@acme.example"), redirect=None
    )

    assert again.render(facts(template)).as_bytes() == RENDERER.render(facts(template)).as_bytes()


def test_another_step_is_another_mail() -> None:
    first, second = (RENDERER.render(replace(facts(), step=step)) for step in ("first", "day-3"))

    assert first["Message-ID"] != second["Message-ID"]
    assert first.get_boundary() != second.get_boundary()


def test_facts_show_nobody_in_their_repr() -> None:
    shown = repr(facts())

    for hidden in ("Eve", "eve@", "Acme", "4242", "120050", "/pay/"):
        assert hidden not in shown


def unbidi(written: str) -> str:
    return written.replace("<bdi>", "").replace("</bdi>", "")
