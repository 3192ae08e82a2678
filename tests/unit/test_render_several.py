"""A mail that names several debts."""

import re
import unicodedata
from dataclasses import replace
from datetime import date, timedelta
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from dunning.addresses.mailbox import Mailbox
from dunning.language.choose import LANGUAGES
from dunning.language.sentences import sentences_in
from dunning.language.width import width
from dunning.rules.declines import Advice, Reason
from tests.unit.mails import (
    LINK,
    OTHER_LINK,
    RENDERER,
    TEMPLATES,
    facts,
    html_of,
    sent,
    several,
    text_of,
)
from worker.letters.render import Renderer
from worker.letters.values import Sum
from worker.letters.words import LONGEST_BUTTON, LONGEST_SUBJECT

# What stands on the buttons themselves, and not in the links under them.
BUTTON = r'style="display:inline-block[^>]*>(.*?)</a>'


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_parts_name_every_debt_with_its_amounts_product_card_and_link(template: str) -> None:
    mail = RENDERER.render(several(template))

    for said in ("€1,200.50", "€24.00", "Acme Pro", "Visa ending in 4242", "$5.00", "Acme Support", "PayPal"):
        assert said in text_of(mail)
        assert said in unescape(html_of(mail))
    for link in (LINK, OTHER_LINK):
        assert link in text_of(mail).split("\n")
        assert f'href="{escape(link)}"' in html_of(mail)


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_parts_say_of_each_debt_why_it_is_open_and_what_can_be_done(template: str) -> None:
    mail = RENDERER.render(several(template))

    for written in (text_of(mail), unescape(html_of(mail))):
        assert "The card has expired. Please pay with a current card" in written
        assert "didn't cover the amount at the time. You can pay once enough" in written


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_said_in_general_words_is_not_said_of_each_debt(template: str) -> None:
    vague = several(template, reason=Reason.GENERIC, advice=Advice.GENERIC)

    mail = RENDERER.render(replace(vague, others=tuple(replace(one, reason=Reason.GENERIC) for one in vague.others)))

    assert "many reasons" not in text_of(mail) + html_of(mail)


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        ("payment_failed", "Some payments didn't go through"),
        ("reminder", "Some payments are still unpaid"),
        ("final_notice", "Unpaid: a subscription may stop"),
    ],
)
def test_the_subject_speaks_of_payments(template: str, subject: str) -> None:
    assert RENDERER.render(several(template))["Subject"] == subject


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_is_promised_about_which_payment_the_page_collects(template: str) -> None:
    mail = RENDERER.render(several(template))

    for written in (text_of(mail), unescape(html_of(mail))):
        assert "you're charged right away" in written
        assert "Emails about a payment stop once it's paid." in written


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_button_says_the_amount_only_where_it_is_the_only_one(template: str) -> None:
    html = unescape(html_of(RENDERER.render(several(template))))

    assert ">Pay now</a>" in html
    assert ">Pay $5.00</a>" in html


@pytest.mark.parametrize("template", TEMPLATES)
def test_two_debts_of_one_subscription_have_one_link_and_one_button(template: str) -> None:
    mail = RENDERER.render(several(template, others=()))

    assert text_of(mail).split("\n").count(LINK) == 1
    assert html_of(mail).count(">Pay now</a>") == 2  # the button, and the link under it
    assert "your subscriptions" not in text_of(mail) + html_of(mail)


@pytest.mark.parametrize(("template", "named"), [(template, template != "payment_failed") for template in TEMPLATES])
def test_each_subscription_has_its_own_end_where_it_is_certain(template: str, *, named: bool) -> None:
    ends = several(template, ends_on=date(2026, 12, 22))
    mail = RENDERER.render(replace(ends, others=tuple(replace(one, ends_on=date(2027, 1, 5)) for one in ends.others)))

    for written in (text_of(mail), html_of(mail)):
        for day in ("December 22, 2026", "January 5, 2027"):
            assert (day in written) is named


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_not_known_of_a_debt_leaves_no_gap(template: str) -> None:
    bare = several(template, product_names=(), card_brand=None, card_last4=None, method=None, customer_name=None)

    mail = RENDERER.render(bare)

    assert "Your subscription\n€1,200.50\nAlso unpaid for this subscription: €24.00\nThe card" in text_of(mail)
    assert "None" not in text_of(mail) + html_of(mail)


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_three_empty_lines_follow_each_other(template: str) -> None:
    for said in (facts(template), several(template), several(template, ends_on=date(2026, 12, 22))):
        assert "\n\n\n" not in text_of(RENDERER.render(said))


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_debts_give_the_same_bytes(template: str) -> None:
    again = Renderer(
        None, Mailbox("Acme, Inc.", "billing@acme.example"), Mailbox("Help", "help@acme.example"), redirect=None
    )

    assert again.render(several(template)).as_bytes() == RENDERER.render(several(template)).as_bytes()


def test_debts_show_nothing_private_in_their_repr() -> None:
    shown = repr(several())

    for hidden in ("Eve", "eve@", "Acme", "4242", "120050", "2400", "500", "/pay/"):
        assert hidden not in shown


def test_a_hostile_product_stays_a_name() -> None:
    hostile = several(others=(replace(several().others[0], product_names=("<script>\r\nBcc: all@example.com",)),))

    mail = RENDERER.render(hostile)

    assert "<script>" not in html_of(mail)
    assert mail["Bcc"] is None


def test_shipped_mails_name_every_debt() -> None:
    assert all(RENDERER.names_all(template) for template in TEMPLATES)


def test_a_template_of_the_sellers_that_knows_one_debt_names_the_first(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text("{{ product }}: {{ amount }}\n{{ link }}\n")
    (tmp_path / "payment_failed.html").write_text('<a href="{{ link }}">{{ amount }}</a>')
    renderer = Renderer(tmp_path, Mailbox("Acme", "billing@acme.example"), None, None)

    assert text_of(renderer.render(several("reminder"))) == f"Acme Pro: €1,200.50\n{LINK}\n"
    assert {template for template in TEMPLATES if not renderer.names_all(template)} == {"payment_failed", "reminder"}


def test_a_template_of_the_sellers_may_list_the_debts(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text(
        "{% for debt in debts %}\n{{ debt.product }} {{ debt.amount }} {{ debt.further | join(' ') }}\n"
        "{{ debt.link }}\n{% endfor %}\n"
    )
    renderer = Renderer(tmp_path, Mailbox("Acme", "billing@acme.example"), None, None)

    assert renderer.names_all("reminder")
    assert text_of(renderer.render(several("reminder", further=(Sum(2400, "EUR"), Sum(100, "USD"))))) == (
        f"Acme Pro €1,200.50 €24.00 $1.00\n{LINK}\nAcme Support $5.00 \n{OTHER_LINK}\n"
    )


@pytest.mark.parametrize(
    ("changes", "buttons"),
    [
        ({}, ["Pay €29.00", "Pay $5.00"]),
        ({"amount": 2900, "currency_code": "EUR"}, ["Pay €29.00 for Acme Pro", "Pay €29.00 for Acme Sup…"]),
        (
            {"amount": 2900, "currency_code": "EUR", "product_names": ("Acme Pro",)},
            ["Pay €29.00 (Nov 2)", "Pay €29.00 (Dec 2)"],
        ),
        (
            {"amount": 2900, "currency_code": "EUR", "product_names": (), "billed_on": None},
            ["Pay €29.00 for Acme Pro", "Pay €29.00"],
        ),
        ({"product_names": (), "further": (Sum(1200, "USD"),)}, ["Pay €29.00", "Pay now"]),
    ],
    ids=["by amount", "by product", "by day", "by a product that only one has", "by what no sum tells"],
)
def test_buttons_differ(changes: dict[str, Any], buttons: list[str]) -> None:
    first = several("reminder", amount=2900, further=(), billed_on=date(2026, 11, 2))
    other = replace(first.others[0], **{"billed_on": date(2026, 12, 2), **changes})

    html = unescape(html_of(RENDERER.render(replace(first, others=(other,)))))

    assert re.findall(r">(Pay[^<]*)</a>", html) == buttons * 2  # the buttons, and the links under them


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("day", [date(2026, 9, 10), date(2026, 11, 30)], ids=str)
def test_a_button_has_its_day_in_figures_where_the_month_would_make_it_too_wide(language: str, day: date) -> None:
    first = several("reminder", amount=2900, further=(), billed_on=day, locale=language)
    other = replace(first.others[0], amount=2900, currency_code="EUR", product_names=first.product_names)
    mail = RENDERER.render(replace(first, others=(replace(other, billed_on=day + timedelta(31)),)))

    buttons = [unescape(re.sub(r"<[^>]+>", "", words)) for words in re.findall(BUTTON, html_of(mail), re.DOTALL)]

    assert len(set(buttons)) == 2, buttons
    assert all(width(unmarked(words)) <= LONGEST_BUTTON for words in buttons), buttons


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "product", ["Lantern Professional Suite, yearly", "ランタン・プロフェッショナル・年間プラン"], ids=["en", "ja"]
)
def test_a_long_name_is_cut_so_that_subject_and_buttons_fit(language: str, product: str) -> None:
    first = several("reminder", amount=2900, further=(), locale=language, product_names=(product,))
    other = replace(first.others[0], amount=2900, currency_code="EUR")
    both, alone = RENDERER.render(replace(first, others=(other,))), RENDERER.render(replace(first, others=()))

    button = unmarked(unescape(re.sub(r"<[^>]+>", "", re.findall(BUTTON, html_of(both), re.DOTALL)[0])))
    subject = unmarked(str(sent(alone)["Subject"]))

    assert width(button) <= LONGEST_BUTTON
    assert width(subject) <= LONGEST_SUBJECT
    assert product[:3] in subject
    assert product[:3] in button
    assert "…" in subject + button


def unmarked(words: str) -> str:
    """Leave out what takes no room, and what keeps two words on one line."""
    return " ".join("".join(char for char in words if unicodedata.category(char) != "Cf").split())


def test_several_payments_are_added_up_where_they_are_of_one_currency() -> None:
    one = several("reminder", others=())

    assert "\n\nTotal: €1,224.50\n\n" in text_of(RENDERER.render(one))
    assert "Total" not in text_of(RENDERER.render(several("reminder")))


def test_bills_of_one_product_are_told_apart() -> None:
    two = several("reminder", billed_on=date(2026, 11, 2), further=(Sum(2400, "EUR", date(2026, 12, 2)),), others=())

    assert "\n€1,200.50 (billed on November 2, 2026)\n" in text_of(RENDERER.render(two))
    assert "Also unpaid for this subscription: €24.00 (billed on December 2, 2026)\n" in text_of(RENDERER.render(two))
    three = replace(two, further=(*two.further, Sum(2400, "EUR", date(2027, 1, 2))))
    listed = "€24.00 (billed on December 2, 2026) and €24.00 (billed on January 2, 2027)\n"
    assert listed in text_of(RENDERER.render(three))


@pytest.mark.parametrize("template", TEMPLATES[1:])
def test_a_first_mail_that_comes_late_begins_as_a_first_one(template: str) -> None:
    late = RENDERER.render(replace(facts(template), mails_sent=0))

    assert late["Subject"] == RENDERER.render(facts("payment_failed"))["Subject"]
    assert not re.search(r"\b(still|again|last|reminder)\b", text_of(late), re.IGNORECASE)
    assert text_of(late) != text_of(RENDERER.render(facts("payment_failed")))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_mail_calls_itself_the_last_before_the_last(language: str) -> None:
    last = replace(facts("final_notice"), locale=language)
    said = sentences_in(language)
    subject = said.say("mail.final_notice.subject", {"product": "Acme Pro"})

    assert unmarked(str(sent(RENDERER.render(last))["Subject"])) == unmarked(subject)
    before = RENDERER.render(replace(last, is_last=False))
    assert unmarked(str(sent(before)["Subject"])) == unmarked(
        said.say("mail.reminder_4.subject", {"product": "Acme Pro"})
    )
    for what in ("title", "message"):
        last_words = said.say(f"mail.final_notice.{what}", {"product": "Acme Pro"})
        assert last_words in html_of(RENDERER.render(last)) + text_of(RENDERER.render(last))
        assert last_words not in html_of(before) + text_of(before)
    assert said.say("mail.final_notice.closing", {}) in text_of(before)


@pytest.mark.parametrize("template", [template for template in TEMPLATES if template != "final_notice"])
def test_a_mail_that_does_not_call_itself_the_last_is_the_same_wherever_it_stands(template: str) -> None:
    last, before = (RENDERER.render(replace(facts(template), is_last=is_last)) for is_last in (True, False))

    assert before.as_bytes() == last.as_bytes()
