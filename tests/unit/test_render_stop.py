"""Of which payment a mail offers to stop the reminders."""

import re
from dataclasses import replace
from datetime import date
from html import escape

from dunning.language.choose import LANGUAGES
from dunning.language.sentences import sentences_in
from tests.unit.mails import OTHER_STOP_LINK, RENDERER, STOP_LINK, facts, html_of, several, text_of
from worker.letters.values import Sum


def test_reminders_can_be_stopped_from_the_first_reminder_on() -> None:
    first, second, both = (
        RENDERER.render(said) for said in (facts("payment_failed"), facts("reminder"), several("reminder"))
    )

    assert "Stop reminders" not in text_of(first) + html_of(first)
    assert f"Stop reminders for this payment: {STOP_LINK}\n" in text_of(second)
    assert f'href="{escape(STOP_LINK)}"' in html_of(second)
    for line in (
        f"Stop reminders for the payment of €1,200.50 for Acme Pro: {STOP_LINK}\n",
        f"Stop reminders for the payment of $5.00 for Acme Support: {OTHER_STOP_LINK}\n",
    ):
        assert line in text_of(both)


def test_without_a_link_that_stops_them_no_label_stands_alone() -> None:
    mail = RENDERER.render(replace(facts("reminder"), stop_link=""))

    assert "Stop reminders" not in text_of(mail) + html_of(mail)


def test_of_two_products_with_a_bill_each_the_product_tells_whose_reminders_stop() -> None:
    two = several("reminder", billed_on=date(2026, 11, 2), further=())

    assert f"Stop reminders for the payment of €1,200.50 for Acme Pro: {STOP_LINK}\n" in text_of(RENDERER.render(two))


def test_of_two_bills_for_one_product_it_is_told_whose_reminders_stop() -> None:
    two = several("reminder", billed_on=date(2026, 11, 2), further=(Sum(120050, "EUR", date(2026, 12, 2)),), others=())
    mail = RENDERER.render(two)

    said = "Stop reminders for the payment of €1,200.50 (billed on November 2, 2026)"
    assert f"{said}: {STOP_LINK}\n" in text_of(mail)
    assert said in re.sub(r"<[^>]+>", "", html_of(mail))


def test_of_two_subscriptions_to_one_product_the_day_of_the_bill_tells_whose_reminders_stop() -> None:
    two = several("reminder", billed_on=date(2026, 11, 2), further=())
    (other,) = two.others
    alike = replace(
        other, product_names=two.product_names, amount=120050, currency_code="EUR", billed_on=date(2026, 11, 5)
    )

    text = text_of(RENDERER.render(replace(two, others=(alike,))))

    assert f"the payment of €1,200.50 (billed on November 2, 2026): {STOP_LINK}\n" in text
    assert f"the payment of €1,200.50 (billed on November 5, 2026): {OTHER_STOP_LINK}\n" in text


def test_a_product_that_is_not_known_gets_no_stand_in_within_a_sentence() -> None:
    both = several("reminder", product_names=())

    assert f"Stop reminders for the payment of €1,200.50: {STOP_LINK}\n" in text_of(RENDERER.render(both))
    for tag in LANGUAGES:
        stand_in = sentences_in(tag).say("mail.value.subscription", {})
        lines = text_of(RENDERER.render(replace(both, locale=tag))).splitlines()
        assert [line for line in lines if stand_in in line] == [stand_in], tag  # the heading
