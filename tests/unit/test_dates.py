"""Days and periods in the locales where CLDR's data alone would read wrong."""

from datetime import date

import pytest
from babel.core import Locale

from dunning.language.dates import format_day, format_day_of_year, format_period


@pytest.mark.parametrize(
    ("tag", "day", "short", "period"),
    [
        ("en", "December 1, 2026", "Dec 1", "Dec 1, 2026 - Jan 11, 2027"),
        ("fr", "1er décembre 2026", "1er déc.", "1er déc. 2026 - 11 janv. 2027"),
        ("fr_CA", "1er décembre 2026", "1er déc.", "1er déc. 2026 - 11 janv. 2027"),
        ("pt_BR", "1º de dezembro de 2026", "1º de dez.", "1º de dez. de 2026 - 11 de jan. de 2027"),
        ("pt_PT", "1 de dezembro de 2026", "1/12", "1 de dez. de 2026 - 11 de jan. de 2027"),
        ("it", "1 dicembre 2026", "1 dic", "1 dic 2026 - 11 gen 2027"),
        ("ar", "1 ديسمبر 2026", "1 ديسمبر", "1 ديسمبر 2026 - 11 يناير 2027"),
        ("ar_LB", "1 كانون الأول 2026", "1 كانون الأول", "1 كانون الأول 2026 - 11 كانون الثاني 2027"),
        ("ar_MA", "1 دجنبر 2026", "1 دجنبر", "1 دجنبر 2026 - 11 يناير 2027"),
    ],
)
def test_a_day_is_written_alike_in_a_sentence_on_a_button_and_in_a_period(
    tag: str, day: str, short: str, period: str
) -> None:
    locale, first, last = Locale.parse(tag), date(2026, 12, 1), date(2027, 1, 11)

    assert format_day(first, locale) == day
    assert format_day_of_year(first, locale) == short
    assert plain(format_period(first, last, locale)) == period


def test_a_period_within_a_month_names_its_first_day_as_such() -> None:
    assert plain(format_period(date(2026, 12, 1), date(2026, 12, 21), Locale("it"))) == "1-21 dic 2026"
    assert plain(format_period(date(2026, 12, 1), date(2026, 12, 21), Locale("fr"))) == "1-21 déc. 2026"


def plain(period: str) -> str:
    return " ".join(period.replace("\u2013", "-").split())


def test_figures_are_left_as_they_are() -> None:
    assert format_day_of_year(date(2026, 1, 1), Locale("fr"), in_figures=True) == "01/01"
    assert format_day_of_year(date(2026, 1, 1), Locale("pt", "BR"), in_figures=True) == "01/01"
